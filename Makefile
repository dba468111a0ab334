# Every target only calls a script that needs sh and Python 3.11 or newer; PYTHON=... says which, else it is the fastest there.

.PHONY: run test test-browser test-peers check format setup clean bench

run:            ## start everything; Ctrl-C stops it
	@sh scripts/run.sh

test:           ## every tier that needs nothing but Python
	@sh scripts/test.sh

test-browser:   ## real Chromium (package: chromium)
	@sh scripts/test.sh browser

test-peers:     ## other programs as clients and proxies (packages: kannel nginx caddy; installs Jasmin apart)
	@sh scripts/test.sh peers

check:          ## format, lint, types, floors
	@sh scripts/check.sh

format:         ## put the code in shape
	@sh scripts/check.sh format

setup:          ## the environment of developers
	@sh scripts/setup.sh dev

bench:          ## the same work for Strowger and its peers; see bench/README.md
	@sh scripts/bench.sh

clean:          ## remove what setup made; keeps data/
	@rm -rf .venv .venv-peers node_modules src/strowger/console/static/dist
