package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
)

// etcd is what the control planes of one cluster have in common.
type etcd struct {
	Members map[uint64]string `json:"members"`
	Leader  uint64            `json:"leader"`
	Born    uint64            `json:"born"`
}

func (e *etcd) ids() []uint64 {
	var ids []uint64
	for id := range e.Members {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (e *etcd) join(host string) uint64 {
	e.Born++
	id := 0x1000 + e.Born
	e.Members[id] = host
	if e.Leader == 0 {
		e.Leader = id
	}
	return id
}

func (e *etcd) leave(id uint64) bool {
	_, known := e.Members[id]
	delete(e.Members, id)
	if e.Leader == id {
		e.Leader = 0
		if ids := e.ids(); len(ids) > 0 {
			e.Leader = ids[0]
		}
	}
	return known
}

// forfeit makes another member the leader; it returns nothing if id does not lead, or is alone.
func (e *etcd) forfeit(id uint64) string {
	if e.Leader != id {
		return ""
	}
	for _, other := range e.ids() {
		if other != id {
			e.Leader = other
			return e.Members[other]
		}
	}
	return ""
}

// fleet is all machines of the process. Its lock guards all of their state.
type fleet struct {
	settings
	mu       sync.Mutex
	nodes    []*node
	clusters map[string]*etcd
}

// record is what the directory keeps.
type record struct {
	Nodes    map[string]kept  `json:"nodes"`
	Clusters map[string]*etcd `json:"clusters"`
}

// ownAddress is a loopback address of its own for a machine, where this system has it.
func ownAddress(i int) string {
	own := fmt.Sprintf("127.0.0.%d:0", i%250+2)
	listener, err := net.Listen("tcp", own)
	if err != nil {
		return "127.0.0.1:0"
	}
	listener.Close()
	return own
}

// url is where others reach the etcd of a machine. The lock is held.
func (f *fleet) url(name string, port int) string {
	for _, n := range f.nodes {
		if n.name == name {
			if host, _, err := net.SplitHostPort(n.kept.Address); err == nil {
				return fmt.Sprintf("https://%s:%d", host, port)
			}
		}
	}
	return fmt.Sprintf("https://%s:%d", name, port)
}

func (f *fleet) file() string { return filepath.Join(f.dir, "machines.json") }

func load(s settings) (*fleet, error) {
	f := &fleet{settings: s, clusters: map[string]*etcd{}}
	var old record
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(f.file())
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		if err := json.Unmarshal(data, &old); err != nil {
			return nil, fmt.Errorf("%s: %w", f.file(), err)
		}
		if old.Clusters != nil {
			f.clusters = old.Clusters
		}
	}
	for i := range s.nodes {
		n := newNode(f, fmt.Sprintf("node-%d", i+1))
		n.kept = kept{Tag: s.tag, TooEarly: s.tooEarly, Address: ownAddress(i)}
		if known, ok := old.Nodes[n.name]; ok {
			n.kept = known
		}
		if n.kept.Config != "" {
			if n.cfg, err = configloader.NewFromBytes([]byte(n.kept.Config)); err != nil {
				return nil, fmt.Errorf("%s: %w", n.name, err)
			}
		}
		f.nodes = append(f.nodes, n)
	}
	f.settle()
	return f, nil
}

// cluster returns what the machines with one OS CA have in common. The lock is held.
func (f *fleet) cluster(ca string) *etcd {
	e := f.clusters[ca]
	if e == nil {
		e = &etcd{Members: map[uint64]string{}}
		f.clusters[ca] = e
	}
	return e
}

// settle lets control planes join, tells all machines' resources what is, and keeps it. The lock is held.
func (f *fleet) settle() {
	for _, n := range f.nodes {
		if e := n.etcd(); e != nil && n.kept.Member == 0 && len(e.Members) > 0 {
			n.kept.Member = e.join(n.name)
		}
	}
	r := record{Nodes: map[string]kept{}, Clusters: f.clusters}
	for _, n := range f.nodes {
		n.publish()
		r.Nodes[n.name] = n.kept
	}
	data, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(f.file()+".new", data, 0o600)
	}
	if err == nil {
		err = os.Rename(f.file()+".new", f.file())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot keep the state:", err)
	}
}
