# Rubin's rules on invented estimates, typed in below.
# Run inside this folder:  Rscript missing.R   -> missing.json (its _meta names the versions used)

library(jsonlite)
suppressMessages(library(mice))

cases <- list(
  five = list(q = c(0.61, 0.72, 0.55, 0.80, 0.66), u = c(0.041, 0.043, 0.040, 0.046, 0.042), n = 148, k = 4),
  much_missing = list(q = c(-1.4, 0.2, 1.1, -0.3), u = c(0.10, 0.12, 0.11, 0.10), n = 40, k = 3),
  two = list(q = c(0.20, 0.26), u = c(0.09, 0.09), n = 24, k = 6)
)
one <- function(case) {
  pooled <- pool.scalar(case$q, case$u, n = case$n, k = case$k)
  se <- sqrt(pooled$t)
  half <- qt(0.975, pooled$df) * se
  c(case, list(estimate = pooled$qbar, se = se, df = pooled$df, fmi = pooled$fmi,
               ci = c(pooled$qbar - half, pooled$qbar + half)))
}
out <- lapply(cases, one)
out$`_meta` <- list(r = R.version.string, mice = as.character(packageVersion("mice")))
write(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), "missing.json")
