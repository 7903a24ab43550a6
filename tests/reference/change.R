# Change of a share among people who were asked twice. Run inside this folder:  Rscript change.R  -> change.json
# Limits: the score statistic with the nuisance parameter found by maximising the multinomial likelihood numerically
# under each difference (no closed form), and its root by uniroot. p: binom.test. Base R alone.

library(jsonlite)

nuisance <- function(d, b, c, n) {
  low <- max(0, -d); high <- (1 - d) / 2
  loglik <- function(q) {
    p <- q + d; rest <- 1 - p - q
    term <- function(k, x) ifelse(k == 0, 0, k * log(pmax(x, 1e-300)))
    term(b, p) + term(c, q) + term(n - b - c, rest)
  }
  optimize(loglik, c(low, high), maximum = TRUE, tol = 1e-13)$maximum
}
score <- function(d, b, c, n) {
  q <- nuisance(d, b, c, n)
  (b - c - n * d) / sqrt(n * (2 * q + d * (1 - d)))
}
limits <- function(b, c, n, z = qnorm(.975)) {
  estimate <- (b - c) / n
  c(uniroot(function(d) score(d, b, c, n) - z, c(-1 + 1e-9, estimate - 1e-7), tol = 1e-12)$root,
    uniroot(function(d) score(d, b, c, n) + z, c(estimate + 1e-7, 1 - 1e-9), tol = 1e-12)$root)
}
cases <- list(c(1, 7, 21), c(12, 2, 50), c(5, 5, 40), c(9, 0, 30), c(3, 1, 12), c(20, 35, 180), c(0, 4, 25))
out <- list(paired = lapply(cases, function(x) {
  ends <- limits(x[1], x[2], x[3])
  list(b = x[1], c = x[2], n = x[3], low = ends[1], high = ends[2], p = binom.test(x[1], x[1] + x[2])$p.value)
}), `_meta` = list(r = R.version.string))
write(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), "change.json")
