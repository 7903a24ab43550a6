# @TITLE@
#
# Makes the main table (themes by outcome group) from the exported file beside it and compares every number with
# what Themewave computed. Base R is enough:
#
#     Rscript NAME.R              reads NAME.csv, in the folder of this script
#     Rscript NAME.R other.sav    reads an exported SPSS file instead, with package haven or foreign
#
# Shares: Wilson's interval. Differences from the reference group: Newcombe's hybrid score interval. p-values:
# Fisher's exact test, over several groups in the form of Freeman and Halton.
# Written by Themewave; it may be changed and passed on freely.

stem <- @STEM@
individual_rows <- @ROWS@

started <- commandArgs(trailingOnly = FALSE)
given <- commandArgs(trailingOnly = TRUE)
script <- sub("^--file=", "", grep("^--file=", started, value = TRUE))
data_file <- if (length(given) > 0) normalizePath(given[1]) else NA
if (length(script) == 1) {
  script <- gsub("~+~", " ", script, fixed = TRUE)
  setwd(dirname(script))
  stem <- sub("[.][Rr]$", "", basename(script))
}
if (is.na(data_file)) data_file <- paste0(stem, ".csv")
if (!file.exists(data_file)) stop("There is no ", data_file, " here: go to the folder of this script with setwd().")

z <- qnorm(0.975)
simulated <- 99999

# Text that a spreadsheet would run has an apostrophe in front, which is no part of it.
read_text <- function(file) {
  found <- read.csv(file, colClasses = "character", na.strings = "", check.names = FALSE, encoding = "UTF-8")
  found[] <- lapply(found, function(column) sub("^'('*[-=+@])", "\\1", column))
  found
}

read_sav <- function(file, groups) {
  if (requireNamespace("haven", quietly = TRUE)) {
    people <- as.data.frame(haven::zap_labels(haven::read_sav(file)))
  } else {
    people <- suppressWarnings(
      foreign::read.spss(file, to.data.frame = TRUE, use.value.labels = FALSE, use.missings = TRUE)
    )
  }
  people$outcome_group <- groups[people$outcome_group]
  people
}

wilson <- function(x, n) {
  n[n == 0] <- NA
  half <- z * sqrt(x * (n - x) / n + z^2 / 4)
  low <- ifelse(x == 0, 0, (x + z^2 / 2 - half) / (n + z^2))
  high <- ifelse(x == n, 1, (x + z^2 / 2 + half) / (n + z^2))
  low[is.na(n)] <- NA
  high[is.na(n)] <- NA
  data.frame(share = x / n, conf_low = low, conf_high = high)
}

newcombe <- function(one, other) {
  difference <- one$share - other$share
  below <- sqrt((one$share - one$conf_low)^2 + (other$conf_high - other$share)^2)
  above <- sqrt((one$conf_high - one$share)^2 + (other$share - other$conf_low)^2)
  data.frame(risk_difference = difference, rd_low = difference - below, rd_high = difference + above)
}

# People with the theme and people who could have it, for each row of the table.
count_people <- function(people, table) {
  for (i in seq_len(nrow(table))) {
    theme <- as.numeric(people[[table$variable[i]]])
    here <- people$in_base == 1 & !is.na(theme)
    if (table$group[i] != "all") here <- here & people$outcome_group %in% table$group[i]
    table$n_with_theme[i] <- sum(theme[here])
    table$n_total[i] <- sum(here)
  }
  table
}

# p of a theme; drawn at random, and marked so, where there are too many tables to list.
p_of <- function(cells, method) {
  cells <- cells[, colSums(cells) > 0, drop = FALSE]
  if (grepl("chi-square", method)) return(list(p = chisq.test(cells, correct = FALSE)$p.value, drawn = FALSE))
  tryCatch(
    list(p = fisher.test(cells, workspace = 2e7)$p.value, drawn = grepl("monte carlo", method)),
    error = function(problem) {
      list(p = fisher.test(cells, simulate.p.value = TRUE, B = simulated)$p.value, drawn = TRUE)
    }
  )
}

number_columns <- c(
  "n_with_theme", "n_total", "share", "conf_low", "conf_high", "risk_difference", "rd_low", "rd_high", "p_value"
)
expected_file <- if (individual_rows) paste0(stem, "_expected.csv") else data_file
expected <- read_text(expected_file)
expected[number_columns] <- lapply(expected[number_columns], as.numeric)
groups <- unique(expected$group[expected$group != "all"])
method <- expected$method
method[is.na(method)] <- if (any(grepl("chi-square", method))) "chi-square" else "exact"

found <- expected
found[number_columns] <- NA_real_
drawn <- rep(FALSE, nrow(found))
if (individual_rows) {
  is_sav <- grepl("[.]sav$", data_file, ignore.case = TRUE)
  people <- if (is_sav) read_sav(data_file, groups) else read_text(data_file)
  found <- count_people(people, found)
} else {
  found[c("n_with_theme", "n_total")] <- expected[c("n_with_theme", "n_total")]
}

shares <- wilson(found$n_with_theme, found$n_total)
found[names(shares)] <- shares
reference <- match(paste(found$theme_id, found$reference), paste(found$theme_id, found$group))
differences <- newcombe(shares, shares[reference, ])
found[names(differences)] <- differences

if (individual_rows) {
  for (i in which(!is.na(expected$p_value))) {
    of_theme <- found$theme_id == found$theme_id[i]
    rows <- if (found$group[i] == "all") which(of_theme & found$group != "all") else c(i, reference[i])
    cells <- rbind(found$n_with_theme[rows], found$n_total[rows] - found$n_with_theme[rows])
    p <- p_of(cells, method[i])
    found$p_value[i] <- p$p
    drawn[i] <- p$drawn
  }
} else {
  found$p_value <- expected$p_value
}

# The table as one reads it.
percent <- function(share, low, high) {
  shown <- sprintf("%3.0f%% [%3.0f; %3.0f]", 100 * share, 100 * low, 100 * high)
  ifelse(is.na(share), "", shown)
}
for (theme in unique(found$theme_id)) {
  rows <- found[found$theme_id == theme, ]
  cat("\n", rows$theme_label[1], " (", theme, ")\n", sep = "")
  cat(sprintf(
    "  %-24s %5s of %5s  %-17s  %-17s  %s\n",
    rows$group,
    ifelse(is.na(rows$n_with_theme), "?", rows$n_with_theme),
    ifelse(is.na(rows$n_total), "?", rows$n_total),
    percent(rows$share, rows$conf_low, rows$conf_high),
    percent(rows$risk_difference, rows$rd_low, rows$rd_high),
    ifelse(is.na(rows$p_value), "", paste(if (individual_rows) "p =" else "p <=", format(rows$p_value, digits = 3)))
  ), sep = "")
}
cat("\nLeft: share of the group. Right: difference from the reference group, in percentage points.\n")

# The comparison: counts to the unit, the rest to what rounding of numbers in a computer allows.
tolerance <- function(column, values, by_chance) {
  if (column %in% c("n_with_theme", "n_total")) return(rep(0, length(values)))
  if (column != "p_value") return(rep(1e-9, length(values)))
  ifelse(by_chance, 10 * sqrt(values * (1 - values) / simulated) + 1e-4, 1e-9 + 1e-6 * values)
}
differing <- character()
compared <- 0
to_compare <- if (individual_rows) number_columns else setdiff(number_columns, "p_value")
for (column in to_compare) {
  theirs <- expected[[column]]
  ours <- found[[column]]
  wrong <- is.na(theirs) != is.na(ours)
  both <- !is.na(theirs) & !is.na(ours)
  wrong[both] <- abs(theirs - ours)[both] > tolerance(column, theirs, drawn)[both]
  compared <- compared + sum(both)
  for (i in which(wrong)) {
    differing <- c(differing, sprintf(
      "  %s, %s, %s: Themewave %s, R %s", expected$theme_id[i], expected$group[i], column,
      format(theirs[i], digits = 8), format(ours[i], digits = 8)
    ))
  }
}
if (any(drawn)) {
  cat(sum(drawn), "p-values were drawn at random: they are compared within what drawing allows.\n")
}
if (!individual_rows) {
  cat("The counts are as the report shows them. p-values left as upper ends of bands and cannot be made from these\n")
  cat("counts: they are shown and not compared.\n")
}
if (length(differing) == 0) {
  cat("all equal: ", compared, " numbers compared with those that Themewave computed.\n", sep = "")
} else {
  cat(length(differing), " of ", compared, " numbers differ from those that Themewave computed:\n", sep = "")
  cat(differing, sep = "\n")
  cat("\n")
  if (!interactive()) quit(status = 1)
}
