# Coder error carried along, on invented counts typed in below, base R only.
# Run inside this folder:  Rscript misclassification.R   -> misclassification.json (its _meta names the version)
# A different way to the same posterior: importance sampling with the likelihood of what was seen, the true codes
# of unchecked units summed out, where analysis_lib alternates between codes and parameters.

library(jsonlite)
set.seed(20261122)
n_draws <- 2e6

# checked units: rows true code 0, 1; columns code 0, 1; one matrix per outcome
checked <- list(`0` = matrix(c(26, 1, 2, 8), 2), `1` = matrix(c(14, 4, 1, 18), 2))
# unchecked units: code 0, code 1
unchecked <- list(`0` = c(62, 21), `1` = c(41, 42))

both <- checked[[1]] + checked[[2]]
# proposal: Jeffreys posteriors of the checked units alone, a little flattened
se <- rbeta(n_draws, 0.5 + 0.7 * both[2, 2], 0.5 + 0.7 * both[2, 1])
sp <- rbeta(n_draws, 0.5 + 0.7 * both[1, 1], 0.5 + 0.7 * both[1, 2])
log_weight <- 0.3 * (both[2, 2] * log(se) + both[2, 1] * log1p(-se) + both[1, 1] * log(sp) + both[1, 2] * log1p(-sp))
share <- list()
for (y in c("0", "1")) {
  present <- sum(checked[[y]][2, ]); absent <- sum(checked[[y]][1, ])
  prevalence <- rbeta(n_draws, 0.5 + 0.7 * present, 0.5 + 0.7 * absent)
  coded <- se * prevalence + (1 - sp) * (1 - prevalence)
  log_weight <- log_weight + 0.3 * (present * log(prevalence) + absent * log1p(-prevalence)) +
    unchecked[[y]][2] * log(coded) + unchecked[[y]][1] * log1p(-coded)
  imputed <- unchecked[[y]][2] * se * prevalence / coded + unchecked[[y]][1] * (1 - se) * prevalence / (1 - coded)
  share[[y]] <- (present + imputed) / (sum(checked[[y]]) + sum(unchecked[[y]]))
}
w <- exp(log_weight - max(log_weight)); w <- w / sum(w)
average <- function(x) sum(w * x)
out <- list(
  checked = lapply(checked, identity), unchecked = unchecked,
  sensitivity = average(se), sensitivity_sd = sqrt(average(se^2) - average(se)^2),
  specificity = average(sp), specificity_sd = sqrt(average(sp^2) - average(sp)^2),
  share_outcome_0 = average(share[["0"]]), share_outcome_1 = average(share[["1"]]),
  effective_draws = 1 / sum(w^2),
  `_meta` = list(r = R.version.string, draws = n_draws)
)
write(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), "misclassification.json")
