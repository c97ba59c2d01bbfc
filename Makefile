RUN := python3 run.py
.PHONY: help demo bot test check fix docs web schema bench prove
help:   ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 10
demo:   ## play the main job on a local Slack and open its page
	$(RUN) demo
bot:    ## connect, serve and look after a Baton: make bot COMMAND=serve
	$(RUN) bot $(COMMAND)
test:   ## run every test
	$(RUN) test
check:  ## format, lint, types, imports and addresses
	$(RUN) check
fix:    ## format, and mend what the linter can mend
	$(RUN) fix
docs:   ## build the documentation
	$(RUN) docs
web:    ## build the browser's pages
	$(RUN) web
schema: ## write the JSON Schema of the workflow language
	$(RUN) schema
bench:  ## measure one thing: make bench NAME=idle
	$(RUN) bench $(NAME)
prove:  ## run one long proof: make prove NAME=kill
	$(RUN) prove $(NAME)
