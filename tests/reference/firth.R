# Firth's logistic regression, FLIC and FLAC on invented data: wave148.csv and two tiny sets typed in below.
# Run inside this folder:  Rscript firth.R   -> firth.json
# Coefficients: brglm2 (type = "AS_mean", which is Firth's penalty for logistic models).
# Tests and profile limits: the penalised likelihood written out here and maximised by optim.

library(brglm2)
library(jsonlite)

penalised_loglik <- function(beta, X, y) {
  eta <- drop(X %*% beta)
  p <- plogis(eta)
  w <- p * (1 - p)
  sum(ifelse(y == 1, plogis(eta, log.p = TRUE), plogis(-eta, log.p = TRUE))) +
    0.5 * as.numeric(determinant(crossprod(X * sqrt(w)), logarithm = TRUE)$modulus)
}

penalised_score <- function(beta, X, y) {
  p <- plogis(drop(X %*% beta))
  w <- p * (1 - p)
  h <- rowSums((X * sqrt(w)) * t(solve(crossprod(X * sqrt(w)), t(X * sqrt(w)))))
  drop(crossprod(X, y - p + h * (0.5 - p)))
}

# Largest penalised likelihood with one coefficient held at a value.
held <- function(term, value, start, X, y) {
  free <- setdiff(seq_len(ncol(X)), term)
  full <- function(b) { beta <- numeric(ncol(X)); beta[term] <- value; beta[free] <- b; beta }
  if (!length(free)) return(penalised_loglik(value, X, y))
  fit <- optim(start[free], function(b) -penalised_loglik(full(b), X, y),
               function(b) -penalised_score(full(b), X, y)[free],
               method = "BFGS", control = list(reltol = 1e-15, maxit = 2000))
  -fit$value
}

analyse <- function(X, y) {
  scale <- pmax(1, apply(abs(X), 2, max))   # optim wants coefficients of one size
  Z <- sweep(X, 2, scale, "/")
  firth <- glm(y ~ X - 1, family = binomial, method = "brglmFit", type = "AS_mean",
               epsilon = 1e-10, maxit = 10000, slowit = 0.5)   # full steps diverge on the separated data
  stopifnot(firth$converged)
  beta <- unname(coef(firth))
  b <- beta * scale
  top <- penalised_loglik(b, Z, y)
  cut <- qchisq(0.95, 1)
  rows <- lapply(seq_along(b), function(j) {
    lr <- 2 * (top - held(j, 0, b, Z, y))
    excess <- function(v) 2 * (top - held(j, v, b, Z, y)) - cut
    reach <- sqrt(diag(vcov(firth)))[j] * scale[j]
    low <- uniroot(excess, b[j] + c(-3, 0) * reach, extendInt = "downX", tol = 1e-9)$root
    high <- uniroot(excess, b[j] + c(0, 3) * reach, extendInt = "upX", tol = 1e-9)$root
    list(term = colnames(X)[j], coef = beta[j], se = unname(sqrt(diag(vcov(firth)))[j]),
         p_value = pchisq(lr, 1, lower.tail = FALSE), conf_low = low / scale[j], conf_high = high / scale[j])
  })
  slopes <- drop(X[, -1, drop = FALSE] %*% beta[-1])
  flic <- coef(glm(y ~ 1 + offset(slopes), family = binomial, epsilon = 1e-14))
  p <- plogis(drop(X %*% beta)); w <- p * (1 - p)
  h <- rowSums((X * sqrt(w)) * t(solve(crossprod(X * sqrt(w)), t(X * sqrt(w)))))
  n <- length(y)
  pseudo <- rep(c(0, 1, 1), each = n)
  flac <- suppressWarnings(glm(c(y, y, 1 - y) ~ rbind(X, X, X) + pseudo - 1, family = binomial,
                               weights = c(rep(1, n), h / 2, h / 2), epsilon = 1e-14))
  list(n = n, n_events = sum(y), penalised_loglik = penalised_loglik(beta, X, y), terms = rows,
       flic_intercept = unname(flic), flac = unname(coef(flac)[seq_along(beta)]),
       mean_risk_firth = mean(p), mean_risk_flic = mean(plogis(flic + slopes)))
}

wave <- read.csv("wave148.csv")
six <- data.frame(y = c(0, 0, 0, 1, 1, 1), x = c(0, 0, 0, 1, 1, 1))
# firthmodels' search for the lower limit of x does not converge here.
skewed <- data.frame(y = c(0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0), x = c(0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 9, 13))
result <- list(
  quasi_separated = analyse(model.matrix(~ theme_rare + theme_alliance + severity, wave), wave$dropped),
  not_separated = analyse(model.matrix(~ theme_not_heard + theme_alliance + severity + age, wave),
                          wave$terminated_badly),
  six_people = analyse(model.matrix(~ x, six), six$y),
  skewed_covariate = analyse(model.matrix(~ x, skewed), skewed$y),
  made_with = list(r = R.version.string, brglm2 = as.character(packageVersion("brglm2")), script = "firth.R")
)
write(toJSON(result, digits = 15, auto_unbox = TRUE, pretty = TRUE), "firth.json")
