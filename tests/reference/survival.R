# Sessions until dropout on the invented therapy_sessions.csv.
# Run inside this folder:  Rscript survival.R   -> survival.json (its _meta names the versions used)
# Kaplan-Meier and log-rank: survival. Discrete-time hazard: person-session rows built here, brglm2's Firth fit.

library(jsonlite)
library(survival)
library(brglm2)

people <- read.csv("therapy_sessions.csv")
curve <- summary(survfit(Surv(sessions, dropped) ~ 1, people, conf.type = "log-log"))
test <- survdiff(Surv(sessions, dropped) ~ format, people)
rows <- people[rep(seq_len(nrow(people)), people$sessions), ]
rows$session <- sequence(people$sessions)
rows$left <- as.numeric(rows$dropped == 1 & rows$session == rows$sessions)
firth <- function(formula) {
  coef(glm(formula, binomial, rows, method = brglm2::brglm_fit, type = "AS_mean", epsilon = 1e-10, maxit = 500))
}
out <- list(
  session = curve$time, at_risk = curve$n.risk, events = curve$n.event, survival = curve$surv, se = curve$std.err,
  low = curve$lower, high = curve$upper,
  log_rank = list(statistic = test$chisq, p = pchisq(test$chisq, 2, lower.tail = FALSE)),
  log_baseline = as.list(firth(left ~ rupture + severity + log(session))[c("rupture", "severity", "log(session)")]),
  period_baseline = as.list(firth(left ~ rupture + severity + I(session >= 4 & session < 9) + I(session >= 9))
                            [c("rupture", "severity")]),
  n_sessions = nrow(rows),
  `_meta` = list(r = R.version.string, survival = as.character(packageVersion("survival")),
                 brglm2 = as.character(packageVersion("brglm2")))
)
write(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), "survival.json")
