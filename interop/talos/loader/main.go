// Loader tells whether a version of Talos reads a config: each line of stdin is a question in JSON, {"config": ...}, each
// line of stdout its answer, {"ok": "read"} or {"error": ...}. It says nothing of what the config means.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
)

type question struct {
	Config string `json:"config"`
}

type answer struct {
	OK    string `json:"ok,omitempty"`
	Error string `json:"error,omitempty"`
}

func load(config string) (told answer) {
	defer func() {
		if reason := recover(); reason != nil {
			told = answer{Error: fmt.Sprintf("panic: %v", reason)}
		}
	}()
	if _, err := configloader.NewFromBytes([]byte(config)); err != nil {
		return answer{Error: err.Error()}
	}
	return answer{OK: "read"}
}

func main() {
	decoder, encoder := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for decoder.More() {
		var asked question
		if err := decoder.Decode(&asked); err != nil {
			fmt.Fprintln(os.Stderr, "loader: "+err.Error())
			os.Exit(1)
		}
		if err := encoder.Encode(load(asked.Config)); err != nil {
			os.Exit(1)
		}
	}
}
