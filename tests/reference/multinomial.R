# Penalised multinomial and proportional odds regression on invented data (wave148.csv).
# Run inside this folder:  Rscript multinomial.R   -> multinomial.json
# Coefficients: brglm2::brmultinom. Tests and limits: the penalised likelihood written out and maximised here.

library(brglm2)
library(MASS)
library(jsonlite)

wave <- read.csv("wave148.csv")
groups <- c("helpful", "unhelpful", "mixed", "dropped")
wave$outcome <- factor(wave$outcome, levels = groups)

penalised_loglik <- function(b, X, Y) {
  K <- ncol(Y)
  B <- matrix(b, nrow = ncol(X))
  eta <- cbind(0, X %*% B)
  top <- apply(eta, 1, max)
  log_p <- eta - top - log(rowSums(exp(eta - top)))
  p <- exp(log_p)[, -1, drop = FALSE]
  info <- matrix(0, length(b), length(b))
  for (i in seq_len(nrow(X))) {
    info <- info + kronecker(diag(p[i, ], K) - tcrossprod(p[i, ]), tcrossprod(X[i, ]))
  }
  reference <- 1 - rowSums(Y)
  sum(Y * log_p[, -1]) + sum(reference * log_p[, 1]) + 0.5 * as.numeric(determinant(info)$modulus)
}

analyse <- function(formula, term, group) {
  fit <- brmultinom(formula, data = wave, ref = "helpful", epsilon = 1e-10, maxit = 10000, slowit = 0.5)
  X <- model.matrix(formula, wave)
  Y <- sapply(groups[-1], function(g) as.numeric(wave$outcome == g))
  shown <- summary(fit)$coefficients
  coef <- matrix(coef(fit), nrow = 3)
  b <- as.vector(t(coef))
  top <- penalised_loglik(b, X, Y)
  k <- ncol(X)
  best_with <- function(places, values) {
    free <- setdiff(seq_along(b), places)
    full <- function(v) { out <- b; out[places] <- values; out[free] <- v; out }
    scale <- as.vector(t(summary(fit)$standard.errors))[free]
    found <- optim(b[free], function(v) -penalised_loglik(full(v), X, Y), method = "BFGS",
                   control = list(reltol = 1e-13, maxit = 2000, parscale = scale))
    -found$value
  }
  j <- which(colnames(X) == term)
  place <- (which(groups[-1] == group) - 1) * k + j
  all_places <- (0:2) * k + j
  excess <- function(v) 2 * (top - best_with(place, v)) - qchisq(0.95, 1)
  se <- as.vector(t(summary(fit)$standard.errors))[place]
  list(coef = coef, se = matrix(summary(fit)$standard.errors, nrow = 3), penalised_loglik = top,
       group = group, term = term,
       p_value = pchisq(2 * (top - best_with(place, 0)), 1, lower.tail = FALSE),
       p_value_term = pchisq(2 * (top - best_with(all_places, 0)), 3, lower.tail = FALSE),
       conf_low = uniroot(excess, b[place] + c(-2.5, 0) * se, extendInt = "downX", tol = 1e-5)$root,
       conf_high = uniroot(excess, b[place] + c(0, 2.5) * se, extendInt = "upX", tol = 1e-5)$root)
}

ordered <- polr(factor(satisfaction, ordered = TRUE) ~ theme_not_heard + theme_alliance + severity, data = wave,
                Hess = TRUE, control = list(reltol = 1e-14))

result <- list(
  plain = analyse(outcome ~ theme_not_heard + theme_alliance + severity, "theme_not_heard", "dropped"),
  separated = analyse(outcome ~ theme_rare + theme_alliance + severity, "theme_rare", "dropped"),
  ordered = list(coef = unname(coef(ordered)), se = unname(sqrt(diag(vcov(ordered)))[1:3]),
                 thresholds = unname(ordered$zeta), loglik = as.numeric(logLik(ordered))),
  made_with = list(r = R.version.string, brglm2 = as.character(packageVersion("brglm2")),
                   MASS = as.character(packageVersion("MASS")), script = "multinomial.R")
)
write(toJSON(result, digits = 15, auto_unbox = TRUE, pretty = TRUE), "multinomial.json")
