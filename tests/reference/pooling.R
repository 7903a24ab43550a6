# Partial pooling of the invented bank40.csv (helpful against the other outcomes), base R only.
# Run inside this folder:  Rscript pooling.R   -> pooling.json (its _meta names the version used)
# A different way to the same posterior: the integral over the population is done for each pair of mean and
# spread by Gauss-Hermite quadrature with 60 points around the mean, not on a grid of log odds ratios.

library(jsonlite)

hermite <- function(n) {
  k <- sqrt(seq_len(n - 1))
  jacobi <- matrix(0, n, n)
  jacobi[cbind(1:(n - 1), 2:n)] <- k; jacobi[cbind(2:n, 1:(n - 1))] <- k
  e <- eigen(jacobi, symmetric = TRUE)
  list(node = e$values, weight = e$vectors[1, ]^2)
}
likelihood <- function(t, theta) {
  cell <- max(0, sum(t[, 1]) - sum(t[2, ])):min(sum(t[1, ]), sum(t[, 1]))
  base <- dhyper(cell, sum(t[, 1]), sum(t[, 2]), sum(t[1, ]))
  here <- which(cell == t[1, 1])
  sapply(theta, function(x) base[here] / sum(base * exp((cell - t[1, 1]) * x)))
}
pool <- function(tables) {
  g <- hermite(60)
  pairs <- expand.grid(mean = seq(-4, 4, 0.04), spread = seq(0.01, 2.99, 0.02))
  log_post <- -pairs$mean^2 / 2 - pairs$spread^2 / 2
  first <- second <- matrix(0, nrow(pairs), length(tables))
  grid <- seq(-50, 50, 0.01)  # the outermost point of 60 lies 15 spreads from the mean
  for (j in seq_along(tables)) {
    lik <- approxfun(grid, likelihood(tables[[j]], grid))
    theta <- outer(pairs$mean, rep(1, 60)) + outer(pairs$spread, g$node)
    mass <- matrix(lik(theta), nrow(pairs)) * rep(g$weight, each = nrow(pairs))
    total <- rowSums(mass)
    # pairs without any probability in floating point keep moments of 0, and a weight of 0
    there <- total > 0
    first[there, j] <- rowSums(mass * theta)[there] / total[there]
    second[there, j] <- rowSums(mass * theta^2)[there] / total[there]
    log_post <- log_post + log(total)
  }
  w <- exp(log_post - max(log_post)); w <- w / sum(w)
  estimate <- colSums(w * first)
  list(estimate = estimate, sd = sqrt(colSums(w * second) - estimate^2),
       mean = sum(w * pairs$mean), spread = sum(w * pairs$spread))
}
bank <- read.csv("bank40.csv")
helpful <- factor(bank$outcome == "helpful", c(TRUE, FALSE))
tables <- lapply(bank[, -(1:2)], function(x) unclass(table(helpful, factor(x, c(1, 0)))))
strong <- list(matrix(c(18, 3, 7, 22), 2), matrix(c(9, 8, 16, 17), 2), matrix(c(4, 12, 21, 13), 2),
               matrix(c(0, 6, 25, 19), 2), matrix(c(20, 5, 5, 20), 2))
out <- list(bank40 = pool(tables), five_strong = c(list(tables = strong), pool(strong)),
            `_meta` = list(r = R.version.string))
write(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), "pooling.json")
