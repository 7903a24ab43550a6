# Predictive mean matching on invented data (wave148.csv) with gaps that depend on the outcome.
# Run inside this folder:  Rscript imputation.R   -> imputation.json
# Means over many completed data sets, with their Monte-Carlo standard errors; single draws cannot be compared.
library(mice)
library(jsonlite)

wave <- read.csv("wave148.csv")
data <- wave[, c("theme_not_heard", "theme_alliance", "severity", "age", "dropped")]
person <- seq_len(nrow(data)) - 1
data$severity[person %% 4 == 0 & data$dropped == 1 | person %% 12 == 5] <- NA
data$age[person %% 17 == 3] <- NA

m <- 1000
made <- mice(data, m = m, maxit = 5, method = "pmm", seed = 1, printFlag = FALSE)
complete_sets <- lapply(seq_len(m), function(i) complete(made, i))
gaps <- is.na(data)
figures <- list(
  severity_mean = sapply(complete_sets, function(d) mean(d$severity[gaps[, "severity"]])),
  severity_sd = sapply(complete_sets, function(d) sd(d$severity[gaps[, "severity"]])),
  age_mean = sapply(complete_sets, function(d) mean(d$age[gaps[, "age"]])),
  correlation = sapply(complete_sets, function(d) cor(d$severity, d$dropped))
)
result <- lapply(figures, function(x) list(mean = mean(x), sd = sd(x), se = sd(x) / sqrt(m)))
result[["_meta"]] <- list(R = R.version.string, mice = as.character(packageVersion("mice")),
                          n_missing = as.list(colSums(gaps)), script = "imputation.R")
write(toJSON(result, digits = 10, auto_unbox = TRUE, pretty = TRUE), "imputation.json")
