package main

import (
	"encoding/json"
	"net/http"
)

// control answers GET and POST of /NAME: what goes wrong on a machine, and `off`, which takes it off the network, and
// `user_data`, a config that its platform hands to it where it has none.
// A POST changes only what it names.
func (f *fleet) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{name}", func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, n := range f.nodes {
			if n.name != r.PathValue("name") {
				continue
			}
			state := struct {
				trouble
				Off      bool   `json:"off"`
				TooEarly int    `json:"too_early"`
				UserData string `json:"user_data"`
				Member   uint64 `json:"member"`
				Tag      string `json:"tag"`
			}{n.trouble, n.kept.Off, n.kept.TooEarly, n.kept.UserData, n.kept.Member, n.kept.Tag}
			if r.Method == http.MethodPost {
				if err := json.NewDecoder(r.Body).Decode(&state); err != nil {
					http.Error(w, err.Error(), http.StatusBadRequest)
					return
				}
				n.trouble, n.kept.TooEarly = state.trouble, state.TooEarly
				if n.kept.UserData != state.UserData {
					n.kept.UserData = state.UserData
					n.restart("boot", f.outage)
				}
				if n.kept.Off != state.Off {
					n.kept.Off = state.Off
					if state.Off {
						n.next <- off
					} else {
						n.next <- f.outage
					}
				}
				f.settle()
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(state)
			return
		}
		http.NotFound(w, r)
	})
	return mux
}
