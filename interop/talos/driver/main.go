// Driver answers questions about Talos with Talos's own Go module, so that tests can compare.
//
// The command is the first argument; then each line of stdin is a question in JSON, and each line of stdout its answer:
// {"ok": ...} or {"error": "..."}. `schema` takes no question and prints a table.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// question is a line of stdin; each command reads the fields that it needs.
type question struct {
	Secrets   string          `json:"secrets"`
	Contract  string          `json:"contract"`
	Config    string          `json:"config"`
	Mode      string          `json:"mode"`
	Patches   []string        `json:"patches"`
	Endpoints []string        `json:"endpoints"`
	Roots     string          `json:"roots"`
	Leaf      string          `json:"leaf"`
	Usage     string          `json:"usage"`
	Time      string          `json:"time"`
	Input     json.RawMessage `json:"input"`
}

// answer is a line of stdout.
type answer struct {
	OK       any      `json:"ok,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	Error    string   `json:"error,omitempty"`
}

var commands = map[string]func(question) (answer, error){
	"gen":             generateConfig,
	"validate":        validateConfig,
	"normalize":       normalizeConfig,
	"patch":           patchConfig,
	"schematic":       writeSchematic,
	"secrets":         newSecrets,
	"checksecrets":    checkSecrets,
	"verify":          verifyChain,
	"talosconfig":     makeTalosconfig,
	"readtalosconfig": readTalosconfig,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "driver: "+err.Error())
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: driver gen|validate|normalize|patch|schematic|secrets|checksecrets|verify|talosconfig|readtalosconfig|schema")
	}
	if args[0] == "schema" {
		return printSchema(os.Stdout)
	}
	command, known := commands[args[0]]
	if !known {
		return fmt.Errorf("unknown command %q", args[0])
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for decoder, encoder := json.NewDecoder(in), json.NewEncoder(out); decoder.More(); {
		var asked question
		if err := decoder.Decode(&asked); err != nil {
			return err
		}
		if err := encoder.Encode(ask(command, asked)); err != nil {
			return err
		}
		// Whoever asks one question at a time waits for its answer.
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// ask answers one question; a panic inside Talos's module is an error like any other.
func ask(command func(question) (answer, error), asked question) (answered answer) {
	defer func() {
		if reason := recover(); reason != nil {
			answered = answer{Error: fmt.Sprintf("panic: %v", reason)}
		}
	}()
	answered, err := command(asked)
	if err != nil {
		return answer{Warnings: answered.Warnings, Error: err.Error()}
	}
	return answered
}
