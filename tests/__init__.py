"""All tests of matinee; a package, so that no test folder can shadow a top-level name."""
