# Names for the scripts, for those with the habit.
.PHONY: setup run test check bench demo-film
setup run test check bench:
	@scripts/$@
demo-film:
	@scripts/make-demo-film
