# Agreement of coders on invented codes: agree_two_coders.csv (four sets) and agree_three_coders.csv.
# Run inside this folder:  Rscript agreement.R   -> agreement.json (its _meta names the versions used)
# Cohen's kappa and its interval: psych. The others are written out here from their definitions, with standard
# errors by the delete-one jackknife, so they only bound the linearised ones of analysis_lib.

library(jsonlite)
library(psych)

counts_of <- function(units) {
  categories <- sort(unique(unlist(units)))
  sapply(categories, function(k) rowSums(units == k))
}

coefficients_of <- function(counts) {
  r <- rowSums(counts); q <- ncol(counts); n <- nrow(counts)
  observed <- mean(rowSums(counts * (counts - 1)) / (r * (r - 1)))
  share <- colMeans(counts / r)
  total <- sum(counts); pi <- colSums(counts) / total
  # alpha from the coincidence matrix
  coincidence <- Reduce(`+`, lapply(seq_len(n), function(i) {
    (outer(counts[i, ], counts[i, ]) - diag(counts[i, ])) / (r[i] - 1)
  }))
  margin <- rowSums(coincidence)
  disagree <- sum(coincidence) - sum(diag(coincidence))
  expected <- (sum(margin)^2 - sum(margin^2)) / (sum(margin) - 1)
  chance <- c(fleiss_kappa = sum(share^2), gwet_ac1 = sum(share * (1 - share)) / (q - 1), brennan_prediger = 1 / q)
  c(percent = observed, krippendorff_alpha = 1 - disagree / expected, (observed - chance) / (1 - chance))
}

jackknife_se <- function(counts) {
  n <- nrow(counts)
  without <- sapply(seq_len(n), function(i) coefficients_of(counts[-i, , drop = FALSE]))
  sqrt((n - 1) / n * rowSums((without - rowMeans(without))^2))
}

two <- read.csv("agree_two_coders.csv")
out <- list(two_coders = list())
for (set in setdiff(unique(two$set), "constant30")) {
  units <- two[two$set == set, c("coder1", "coder2")]
  cohen <- cohen.kappa(as.matrix(units))
  table <- table(factor(units$coder1, 0:1), factor(units$coder2, 0:1))
  out$two_coders[[set]] <- list(
    cohen = list(kappa = cohen$kappa, var = cohen$var.kappa, ci = unname(cohen$confid[1, c(1, 3)])),
    positive = 2 * table[2, 2] / (2 * table[2, 2] + table[1, 2] + table[2, 1]),
    negative = 2 * table[1, 1] / (2 * table[1, 1] + table[1, 2] + table[2, 1]),
    coefficients = as.list(coefficients_of(counts_of(units))),
    jackknife_se = as.list(jackknife_se(counts_of(units)))
  )
}
three <- read.csv("agree_three_coders.csv")
out$three_coders <- list(
  coefficients = as.list(coefficients_of(counts_of(three))),
  jackknife_se = as.list(jackknife_se(counts_of(three)))
)
out$`_meta` <- list(r = R.version.string, psych = as.character(packageVersion("psych")))
write(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), "agreement.json")
