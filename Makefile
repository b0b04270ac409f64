# The commands of the house. Each is a script in tools/ that can be run by itself.
.PHONY: help run test bench bench-serving soak lint format fuzz clean
.DEFAULT_GOAL := help

help:
	@echo "make run      install what is missing, build, start the server on 127.0.0.1:8080"
	@echo "              (ARGS='...' goes to 'mains serve')"
	@echo "make test     build and run all tests: release, sealed, real clients, sanitizers"
	@echo "make bench    run the benchmarks"
	@echo "make bench-serving"
	@echo "              the table beside llama.cpp (ARGS='--rows crowd,kv'; ARGS=--help)"
	@echo "make soak     the long tests: load, kill -9, simulation with many seeds"
	@echo "make lint     code format, tools/tidy, clang-tidy on what changed (ALL=1: on everything)"
	@echo "make format   lay the code out with clang-format"
	@echo "make fuzz     run the fuzz targets with libFuzzer (clang)"
	@echo "make clean    remove what was built; llama.cpp stays (rm -rf build removes that, too)"
	@echo
	@echo "CMake presets underneath: release, debug, asan, tsan, fuzz   (cmake --preset asan)"

run:
	@tools/run $(ARGS)

test:
	@tools/test

bench:
	@tools/bench $(ARGS)

bench-serving:
	@tools/bench serving $(ARGS)

soak:
	@tools/soak $(ARGS)

lint:
	@tools/lint $(if $(ALL),--all)

format:
	@tools/lint --format

fuzz:
	@tools/fuzz $(ARGS)

clean:
	@find build -mindepth 1 -maxdepth 1 ! -name _llama -exec rm -rf {} + 2>/dev/null || true
