# The words a person types. Each is a few lines; the work is in tools/.
PRESET ?= release
RUNS ?= 10000000

.PHONY: run build test check bench soak fuzz format clean help

help:  ## Lists the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: build  ## Installs what is missing, builds, and starts the observatory with the lab region `delta`
	@exec build/release/gnomon up --lab delta $(ARGS)

build:  ## Installs what is missing and builds build/release/gnomon and build/release/gnomon-probe
	@tools/bootstrap.sh build
	@tools/build_web.sh
	@tools/build.sh -p release gnomon gnomon-probe

test:  ## Every test: unit, contract, lab, fuzz corpora, interop, browser
	@tools/bootstrap.sh test
	@tools/test.sh

check:  ## Format, lint, layers, file sizes, documents
	@tools/bootstrap.sh test
	@tools/check.sh

bench:  ## Measures, beside the peers where they are installed
	@tools/bench.sh

soak: build  ## The whole of the fault tests: 100,000 simulated runs, planted bugs, 500 kills, two minutes without a server
	@tools/bootstrap.sh test
	@tools/build.sh -p release batch_load gnomon-bench simulate
	@build/release/gnomon-bench power-loss --gate
	@build/release/gnomon-bench simulate --set seeds=100000 --gate
	@tests/simulation/plants.py
	@GNOMON_KILLS=250 GNOMON_AWAY=120 tests/chaos/run
	@GNOMON_SECONDS=120 tests/lab/run

fuzz:  ## Hunts with every fuzz target under sanitizers, 10 million inputs each (RUNS=N for fewer)
	@tools/bootstrap.sh test
	@tools/fuzz.sh -n $(RUNS)

format:  ## Formats the C++ sources in place
	@git ls-files '*.h' '*.cc' | xargs clang-format -i

clean:  ## Removes what was built
	rm -rf build web/dist web/node_modules
