//! Privacy games, adversaries and estimators.
