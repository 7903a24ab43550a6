# Logistic regression of clustered people on invented data: wave148.csv and therapists.csv, which is made here.
# Run inside this folder:  Rscript clusters.R   -> therapists.csv, clusters.json
# cluster_se is the sandwich with G/(G-1) (n-1)/(n-k); gee_se is clubSandwich's CR3, which for independence as
# working correlation is Mancl and DeRouen's correction.

library(jsonlite)
library(sandwich)
library(clubSandwich)
library(lme4)
library(survival)

set.seed(148)
therapist <- rep(1:18, times = rep(c(5, 8, 11), 6))
n <- length(therapist)
made <- data.frame(therapist = therapist, theme = rbinom(n, 1, 0.4), severity = round(rnorm(n, 14, 4), 1))
push <- rnorm(18, 0, 1.1)
made$left <- rbinom(n, 1, plogis(-2.2 + 1.0 * made$theme + 0.06 * made$severity + push[therapist]))
write.csv(made, "therapists.csv", row.names = FALSE, quote = FALSE)

wave <- read.csv("wave148.csv")
ml <- glm(terminated_badly ~ theme_not_heard + theme_alliance + severity + age, data = wave,
          family = binomial, epsilon = 1e-14)
clustered <- vcovCL(ml, cluster = wave$therapist, type = "HC1", cadjust = TRUE)
t_value <- coef(ml) / sqrt(diag(clustered))
df <- length(unique(wave$therapist)) - 1
cr3 <- vcovCR(ml, cluster = wave$therapist, type = "CR3")
within <- clogit(terminated_badly ~ theme_not_heard + theme_alliance + strata(therapist), data = wave,
                 method = "exact", control = coxph.control(eps = 1e-10, iter.max = 100))
mixed <- glmer(left ~ theme + severity + (1 | therapist), data = made, family = binomial, nAGQ = 25,
               control = glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5)))

# Analysis of variance estimate of the intraclass correlation.
fit <- summary(aov(left ~ factor(therapist), data = made))[[1]]
size <- as.numeric(table(made$therapist))
n0 <- (n - sum(size^2) / n) / (length(size) - 1)
icc <- (fit[1, 3] - fit[2, 3]) / (fit[1, 3] + (n0 - 1) * fit[2, 3])

result <- list(
  logistic = list(coef = unname(coef(ml)), se = unname(sqrt(diag(vcov(ml)))), loglik = as.numeric(logLik(ml)),
                  cluster_se = unname(sqrt(diag(clustered))), df = df,
                  cluster_p = unname(2 * pt(-abs(t_value), df)),
                  gee_se = unname(sqrt(diag(cr3)))),
  conditional = list(coef = unname(coef(within)), se = unname(sqrt(diag(vcov(within))))),
  random_intercept = list(coef = unname(fixef(mixed)), se = unname(sqrt(diag(as.matrix(vcov(mixed))))),
                          between_sd = unname(attr(VarCorr(mixed)$therapist, "stddev"))),
  icc = icc,
  made_with = list(r = R.version.string, sandwich = as.character(packageVersion("sandwich")),
                   clubSandwich = as.character(packageVersion("clubSandwich")),
                   lme4 = as.character(packageVersion("lme4")),
                   survival = as.character(packageVersion("survival")), script = "clusters.R")
)
write(toJSON(result, digits = 15, auto_unbox = TRUE, pretty = TRUE), "clusters.json")
