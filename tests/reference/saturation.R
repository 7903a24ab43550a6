# Codes against interviews, and themes that go together, on the invented bank40.csv.
# Run inside this folder:  Rscript saturation.R   -> saturation.json (its _meta names the versions used)
# Accumulation and Chao2: vegan. Overlap: base R. Fixed-margins null: vegan's quasiswap, which draws independent
# matrices; its curveball is a chain that one would have to thin.

library(jsonlite)
suppressMessages(library(vegan))

bank <- as.matrix(read.csv("bank40.csv")[, -(1:2)])
one <- function(x) {
  curve <- specaccum(x, "exact")
  pool <- specpool(x)
  list(expected = curve$richness, sd = curve$sd, chao2 = pool$chao, chao2_se = pool$chao.se)
}
pair <- function(i, j) {
  a <- bank[, i]; b <- bank[, j]; both <- sum(a & b)
  list(i = i, j = j, both = both, jaccard = both / sum(a | b), phi = cor(a, b),
       p_hypergeometric = phyper(both - 1, sum(a), nrow(bank) - sum(a), sum(b), lower.tail = FALSE))
}
set.seed(20261122)
n_null <- 5000
drawn <- simulate(nullmodel(bank, "quasiswap"), nsim = n_null)
null <- function(i, j) {
  both <- apply(drawn, 3, function(x) sum(x[, i] & x[, j]))
  list(i = i, j = j, mean = mean(both), sd = sd(both), p_more = mean(both >= sum(bank[, i] & bank[, j])))
}
out <- list(
  first24 = one(bank[1:24, ]),
  all148 = one(bank),
  pairs = list(pair(1, 2), pair(1, 5), pair(2, 3), pair(7, 12), pair(20, 21)),
  fixed_margins = list(n_null = n_null, pairs = list(null(1, 2), null(7, 12), null(20, 21))),
  `_meta` = list(r = R.version.string, vegan = as.character(packageVersion("vegan")))
)
write(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), "saturation.json")
