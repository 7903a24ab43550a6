"""What do co-authors read? ``html`` makes the page, ``prose`` the authors' own words on it."""
