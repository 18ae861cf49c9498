# The few commands; each is one of cargo's, so that `just` is a convenience only.

# List the commands
default:
    @just --list

# Run everything that this machine can run
test *args:
    cargo xtask test {{args}}

# The same without what needs more than this repository
quick:
    cargo xtask test --quick

# Check the rules of the house: layers, purity, sizes, docs, texts
check:
    cargo xtask check

# Give every file its form
fmt:
    cargo fmt --all

# Measure this engine and other tools side by side
compare *args:
    cargo xtask compare {{args}}

# What CI runs
ci:
    CI=true .ci/run
