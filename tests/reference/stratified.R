# Two by two tables over waves, invented: waves.csv (stratum x row x column x count, two sets).
# Run inside this folder:  Rscript stratified.R   -> stratified.json (its _meta names the versions used)
# Mantel-Haenszel: base R. The others: metafor (Breslow-Day and Tarone from rma.mh without correction).

library(jsonlite)
suppressMessages(library(metafor))

waves <- read.csv("waves.csv")
effect <- function(fit) list(estimate = c(fit$beta), se = fit$se, ci = c(fit$ci.lb, fit$ci.ub), tau2 = fit$tau2)
one <- function(set) {
  x <- waves[waves$set == set, ]
  tables <- tapply(x$n, list(x$row, x$col, x$stratum), sum)
  cells <- list(ai = tables[1, 1, ], bi = tables[1, 2, ], ci = tables[2, 1, ], di = tables[2, 2, ])
  mh <- mantelhaen.test(tables, correct = FALSE)
  homogeneity <- do.call(rma.mh, c(cells, measure = "OR", correct = FALSE, add = list(c(0.5, 0)), drop00 = FALSE))
  escalc <- do.call(escalc, c(cells, measure = "OR"))
  list(
    tables = lapply(seq_len(dim(tables)[3]), function(s) unname(tables[, , s])),
    mh = list(odds_ratio = unname(mh$estimate), ci = as.numeric(mh$conf.int), cmh = unname(mh$statistic),
              cmh_p = mh$p.value),
    breslow_day = list(statistic = homogeneity$BD, p = homogeneity$BDp),
    tarone = list(statistic = homogeneity$TA, p = homogeneity$TAp),
    log_odds_ratio = as.numeric(escalc$yi), variance = as.numeric(escalc$vi),
    fixed = effect(rma(yi, vi, data = escalc, method = "FE")),
    dersimonian_laird = effect(rma(yi, vi, data = escalc, method = "DL")),
    hartung_knapp = effect(rma(yi, vi, data = escalc, method = "REML", test = "knha",
                               control = list(threshold = 1e-12, maxiter = 1000))),
    q = rma(yi, vi, data = escalc, method = "FE")$QE,
    mh_risk_difference = effect(do.call(rma.mh, c(cells, measure = "RD"))),
    without_first = list(
      mh_odds_ratio = unname(mantelhaen.test(tables[, , -1], correct = FALSE)$estimate),
      hartung_knapp = effect(rma(yi, vi, data = escalc[-1, ], method = "REML", test = "knha",
                                 control = list(threshold = 1e-12, maxiter = 1000)))
    )
  )
}
out <- sapply(unique(waves$set), one, simplify = FALSE)
out$`_meta` <- list(r = R.version.string, metafor = as.character(packageVersion("metafor")))
write(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), "stratified.json")
