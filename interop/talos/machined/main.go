// machined serves the machine API of Talos with Talos's own generated code, config loader and validator, for tests:
// several machines in one process, each on a port of a loopback address of its own. It prints one line of JSON for each when all listen.
// What it was told is kept in a directory; started again with it, the machines are where they were.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

// settings are the flags.
type settings struct {
	nodes      int
	dir        string
	tag        string
	mode       string
	kubeconfig string
	control    string
	tooEarly   int
	outage     time.Duration
}

func main() {
	var s settings
	flag.IntVar(&s.nodes, "nodes", 1, "number of machines, called node-1 and so on")
	flag.StringVar(&s.dir, "dir", "", "directory that keeps what the machines were told (required)")
	flag.StringVar(&s.tag, "tag", "v1.13.9", "version of a new machine")
	flag.StringVar(&s.mode, "mode", "metal", "what Talos's validation is told to run on: metal, cloud or container")
	flag.StringVar(&s.kubeconfig, "kubeconfig", "", "file to answer as kubeconfig; without it one is made")
	flag.StringVar(&s.control, "control", "127.0.0.1:0", "address of the control server")
	flag.IntVar(&s.tooEarly, "bootstrap-too-early", 2, "bootstraps of a new machine that come too early")
	flag.DurationVar(&s.outage, "outage", 300*time.Millisecond, "time off the network when a machine restarts")
	flag.Parse()
	if s.dir == "" || s.nodes < 1 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(s); err != nil {
		log.Fatal(err)
	}
}

func run(s settings) error {
	f, err := load(s)
	if err != nil {
		return err
	}
	listener, err := loopback(s.control)
	if err != nil {
		return err
	}
	for _, n := range f.nodes {
		ready := make(chan error, 1)
		go n.live(ready)
		if err := <-ready; err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
	}
	out := json.NewEncoder(os.Stdout)
	for _, n := range f.nodes {
		line := map[string]any{
			"name":        n.name,
			"address":     n.kept.Address,
			"fingerprint": n.fingerprint,
			"maintenance": n.cfg == nil,
			"control":     fmt.Sprintf("http://%s/%s", listener.Addr(), n.name),
		}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	return http.Serve(listener, f.control())
}
