# Reference figures for analysis_lib.stats: exact tests, proportions, Cramer's V, strata, step-down minP.
#
# Base R only, plus jsonlite to write. The tables and the 40-theme bank beside this script are our own, made up
# for testing. Run from this folder: Rscript tables.R   -> tables.json (its _meta names the versions used).
library(jsonlite)
num <- function(x) unname(as.numeric(x))

mid_p_2x2 <- function(m) {
  k <- sum(m[1, ]); x <- m[1, 1]
  d <- function(v) dhyper(v, sum(m[, 1]), sum(m[, 2]), k)
  support <- max(0, k - sum(m[, 2])):min(k, sum(m[, 1]))
  half <- d(x) / 2
  min(1, 2 * min(sum(d(support[support < x])) + half, sum(d(support[support > x])) + half))
}
v_limits <- function(x2, df, scale, level = .95) {
  at <- function(p) {
    if (pchisq(x2, df) <= p) return(0)
    uniroot(function(ncp) pchisq(x2, df, ncp) - p, c(0, 4 * x2 + 100), tol = 1e-12)$root
  }
  num(pmin(1, sqrt(c(at((1 + level) / 2), at((1 - level) / 2)) / scale)))
}
wilson <- function(x, n) num(suppressWarnings(prop.test(x, n, correct = FALSE))$conf.int)
newcombe <- function(x1, n1, x0, n0) {
  w1 <- wilson(x1, n1); w0 <- wilson(x0, n0); p1 <- x1 / n1; p0 <- x0 / n0; d <- p1 - p0
  c(d, d - sqrt((p1 - w1[1])^2 + (w0[2] - p0)^2), d + sqrt((w1[2] - p1)^2 + (p0 - w0[1])^2))
}

one <- function(m) {
  out <- list(table = m, fisher_p = fisher.test(m, workspace = 2e8)$p.value)
  m <- m[rowSums(m) > 0, colSums(m) > 0, drop = FALSE]
  if (min(dim(m)) < 2) return(out)
  test <- suppressWarnings(chisq.test(m, correct = FALSE))
  n <- sum(m); r <- nrow(m); k <- ncol(m); x2 <- num(test$statistic); df <- (r - 1) * (k - 1)
  phi2 <- max(0, x2 / n - df / (n - 1))
  out$chi_square <- x2
  out$cramers_v <- sqrt(x2 / (n * (min(r, k) - 1)))
  out$cramers_v_corrected <- sqrt(phi2 / (min(r - (r - 1)^2 / (n - 1), k - (k - 1)^2 / (n - 1)) - 1))
  out$cramers_v_limits <- v_limits(x2, df, n * (min(r, k) - 1))
  out$adjusted_residuals <- unname(test$stdres)
  if (r == 2) {
    groups <- colSums(m)
    out$wilson <- t(sapply(seq_len(k), function(j) wilson(m[1, j], groups[j])))
    out$newcombe_v_first <- t(sapply(2:k, function(j) newcombe(m[1, j], groups[j], m[1, 1], groups[1])))
  }
  if (r == 2 && k == 2) {
    out$mid_p <- mid_p_2x2(m)
    odds <- suppressWarnings(fisher.test(m))
    out$odds_ratio_conditional <- num(odds$estimate)
  }
  out
}

cells <- read.csv("tables_input.csv")
tables <- lapply(split(cells, cells$table_id), function(t) {
  m <- matrix(0L, max(t$row), max(t$col)); m[cbind(t$row, t$col)] <- t$n; one(m)
})

# two groups in three strata (sites), theme present / absent: exact conditional test of a common odds ratio of 1
strata <- array(c(6, 2, 9, 11,  1, 5, 4, 20,  3, 0, 7, 9), c(2, 2, 3))
exact <- mantelhaen.test(strata, exact = TRUE)
stratified <- list(present_absent_by_group = lapply(1:3, function(s) strata[, , s]), p = exact$p.value)

bank <- read.csv("bank40.csv")
groups <- factor(bank$outcome)
bank_p <- sapply(bank[grep("^theme_", names(bank))], function(y)
  fisher.test(table(factor(y, 0:1), groups), workspace = 2e8)$p.value)

# step-down minP of the bank with Fisher's p as the statistic: one loop, no shortcuts but remembering tables
set.seed(20261122)
B <- 5000
Y <- as.matrix(bank[grep("^theme_", names(bank))])
known <- new.env(hash = TRUE)
fisher_p <- function(counts, sizes) {
  key <- paste(counts, collapse = " ")
  if (is.null(known[[key]])) known[[key]] <- fisher.test(rbind(counts, sizes - counts), workspace = 2e8)$p.value
  known[[key]]
}
p_of <- function(g) apply(rowsum(Y, g), 2, fisher_p, sizes = as.vector(table(g)))
observed <- p_of(groups)
by_p <- order(observed)
hits <- numeric(ncol(Y))
for (b in seq_len(B)) {
  smallest <- rev(cummin(rev(p_of(sample(groups))[by_p])))
  hits <- hits + (smallest <= observed[by_p] * (1 + 1e-7))
}
min_p <- numeric(ncol(Y))
min_p[by_p] <- cummax((1 + hits) / (B + 1))

write_json(
  list(tables = tables, stratified = stratified, bank_fisher_p = unname(bank_p),
       bank_min_p = list(p_adjusted = min_p, permutations = B),
       `_meta` = list(r = R.version.string, jsonlite = as.character(packageVersion("jsonlite")),
                      made_by = "tests/reference/tables.R")),
  "tables.json", digits = 15, auto_unbox = TRUE, pretty = 1, na = "null")
