// A version is chosen with `-modfile=1.11.mod` or `-modfile=1.12.mod`; Go looks for this file all the same.
module sskuba.dev/interop/talos/loader

go 1.24
