# Area under the curve, calibration and optimism on invented data (wave148.csv).
# Run inside this folder:  Rscript prediction.R   -> prediction.json

library(jsonlite)
library(pROC)

wave <- read.csv("wave148.csv")
X <- cbind(1, as.matrix(wave[, c("theme_not_heard", "theme_alliance", "severity", "age")]))
y <- wave$terminated_badly
n <- length(y)
fit <- glm.fit(X, y, family = binomial(), control = list(epsilon = 1e-14))
linear <- drop(X %*% fit$coefficients)
area <- roc(y, linear, direction = "<", quiet = TRUE)
limits <- ci.auc(area, method = "delong")

# Risks that are too extreme and too low, to have something to calibrate.
off <- plogis(1.6 * linear - 0.4)
slope <- glm(y ~ qlogis(off), family = binomial, epsilon = 1e-14)
large <- glm(y ~ offset(qlogis(off)), family = binomial, epsilon = 1e-14)

rank_area <- function(score, y) {
  m <- sum(y)
  (sum(rank(score)[y == 1]) - m * (m + 1) / 2) / (m * (length(y) - m))
}
set.seed(5)
loss <- t(replicate(6000, {
  rows <- sample(n, replace = TRUE)
  again <- suppressWarnings(glm.fit(X[rows, ], y[rows], family = binomial()))
  score <- drop(X %*% again$coefficients)
  c(rank_area(score[rows], y[rows]) - rank_area(score, y),
    1 - glm.fit(cbind(1, score), y, family = binomial())$coefficients[2])
}))

result <- list(
  auc = list(estimate = as.numeric(area$auc), se = sqrt(var(area)), conf_low = limits[1], conf_high = limits[3]),
  calibration = list(slope = unname(coef(slope)[2]), slope_se = unname(sqrt(diag(vcov(slope)))[2]),
                     intercept = unname(coef(large)), intercept_se = unname(sqrt(diag(vcov(large))))),
  optimism = list(auc = mean(loss[, 1]), auc_error = sd(loss[, 1]) / sqrt(6000),
                  slope = mean(loss[, 2]), slope_error = sd(loss[, 2]) / sqrt(6000)),
  made_with = list(r = R.version.string, pROC = as.character(packageVersion("pROC")), script = "prediction.R")
)
write(toJSON(result, digits = 15, auto_unbox = TRUE, pretty = TRUE), "prediction.json")
