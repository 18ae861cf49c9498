package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cosi-project/runtime/pkg/resource"
	"github.com/cosi-project/runtime/pkg/safe"
	"github.com/cosi-project/runtime/pkg/state"
	"github.com/cosi-project/runtime/pkg/state/impl/inmem"
	"github.com/cosi-project/runtime/pkg/state/impl/namespaced"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	configres "github.com/siderolabs/talos/pkg/machinery/resources/config"

	"github.com/siderolabs/talos/pkg/machinery/resources/cluster"
	"github.com/siderolabs/talos/pkg/machinery/resources/runtime"
)

// kept is what a machine knows after the process was started again.
type kept struct {
	Address   string   `json:"address"`
	Config    string   `json:"config"`
	UserData  string   `json:"user_data"` // what the platform hands to a machine without a config
	Member    uint64   `json:"member"`
	Tag       string   `json:"tag"`
	Installed string   `json:"installed"`
	Pulled    []string `json:"pulled"`
	TooEarly  int      `json:"too_early"`
	Off       bool     `json:"off"`
}

// trouble is what goes wrong on demand.
type trouble struct {
	Drop           int    `json:"drop"`            // connections are cut at this many calls
	Refuse         int    `json:"refuse"`          // this many calls are answered with RefuseCode
	RefuseCode     uint32 `json:"refuse_code"`     // a gRPC code
	DelayMS        int    `json:"delay_ms"`        // every call takes longer
	Deny           bool   `json:"deny"`            // every call is denied
	EtcdUnhealthy  bool   `json:"etcd_unhealthy"`  // etcd does not answer
	InstallerFails bool   `json:"installer_fails"` // the installer ends with 1
}

type node struct {
	machine.UnimplementedMachineServiceServer
	fleet       *fleet
	name        string
	fingerprint string
	maintenance *material
	cosi        state.State

	// Guarded by the fleet's lock.
	kept    kept
	cfg     config.Provider
	trouble trouble
	// The config that the resources show.
	published string
	events    []*machine.Event
	news      map[chan *machine.Event]bool

	connections sync.Map
	next        chan time.Duration // ends this life; the time until the next
}

// off is the time away of a machine that stays away.
const off = time.Duration(-1)

func newNode(f *fleet, name string) *node {
	return &node{
		fleet: f,
		name:  name,
		cosi:  state.WrapCore(namespaced.NewState(inmem.Build)),
		news:  map[chan *machine.Event]bool{},
		next:  make(chan time.Duration, 16),
	}
}

// cluster names the cluster: by its id, which stays when authorities are rotated. The lock is held.
func (n *node) cluster() string {
	if n.cfg != nil && n.cfg.Cluster() != nil && n.cfg.Cluster().ID() != "" {
		return n.cfg.Cluster().ID()
	}
	return n.ca()
}

// boot takes the config of the platform where the machine has none. The lock is held.
func (n *node) boot() error {
	if n.cfg != nil || n.kept.UserData == "" {
		return nil
	}
	cfg, err := configloader.NewFromBytes([]byte(n.kept.UserData))
	if err != nil {
		return err
	}
	if _, err := cfg.Validate(platform(n.fleet.mode)); err != nil {
		return err
	}
	n.cfg, n.kept.Config = cfg, n.kept.UserData
	return nil
}

// ca is the authority that issues the machine's certificate. The lock is held.
func (n *node) ca() string {
	if n.cfg == nil || n.cfg.Machine() == nil {
		return ""
	}
	if pair := n.cfg.Machine().Security().IssuingCA(); pair != nil {
		return string(pair.Crt)
	}
	for _, accepted := range n.cfg.Machine().Security().AcceptedCAs() {
		return string(accepted.Crt)
	}
	return ""
}

func (n *node) isControlPlane() bool {
	return n.cfg != nil && n.cfg.Machine() != nil && n.cfg.Machine().Type().IsControlPlane()
}

// etcd is that of the cluster if the machine is one of its control planes. The lock is held.
func (n *node) etcd() *etcd {
	if !n.isControlPlane() {
		return nil
	}
	return n.fleet.cluster(n.cluster())
}

// controlPlane fails where the machine is none. The lock is held.
func (n *node) controlPlane(api string) error {
	if n.cfg == nil {
		return status.Errorf(codes.Unimplemented, "machine type is not set, cannot use %s API", api)
	}
	if !n.isControlPlane() {
		return status.Errorf(codes.Unimplemented, "%s is only available on control plane nodes", api)
	}
	return nil
}

// withEtcd fails where etcd does not answer. The lock is held.
func (n *node) withEtcd(api string) (*etcd, error) {
	if err := n.controlPlane(api); err != nil {
		return nil, err
	}
	e := n.etcd()
	if n.trouble.EtcdUnhealthy || n.kept.Member == 0 {
		return nil, status.Error(codes.Unavailable, "error reading from server: EOF")
	}
	return e, nil
}

// stage is where the machine is. The lock is held.
func (n *node) stage() (runtime.MachineStage, bool) {
	if n.cfg == nil {
		return runtime.MachineStageMaintenance, false
	}
	started := len(n.fleet.cluster(n.cluster()).Members) > 0
	ready := started && !n.trouble.EtcdUnhealthy
	if n.isControlPlane() && !started {
		return runtime.MachineStageBooting, false
	}
	return runtime.MachineStageRunning, ready
}

// put writes a resource as it should be.
func put[T resource.Resource](ctx context.Context, s state.State, r T, write func(T)) {
	_ = s.Create(ctx, r)
	_, _ = safe.StateUpdateWithConflicts(ctx, s, r.Metadata(), func(r T) error {
		write(r)
		return nil
	})
}

// publish writes the machine's resources. The lock is held.
func (n *node) publish() {
	ctx := context.Background()
	stage, ready := n.stage()
	put(ctx, n.cosi, runtime.NewMachineStatus(), func(r *runtime.MachineStatus) {
		r.TypedSpec().Stage = stage
		r.TypedSpec().Status = runtime.MachineStatusStatus{Ready: ready}
		if !ready {
			r.TypedSpec().Status.UnmetConditions = []runtime.UnmetCondition{{Name: "services", Reason: "etcd is not healthy"}}
		}
	})
	if n.published != n.kept.Config {
		n.published = n.kept.Config
		_ = n.cosi.Destroy(ctx, resource.NewMetadata(configres.NamespaceName, configres.MachineConfigType, configres.ActiveID, resource.VersionUndefined))
		if n.cfg != nil {
			_ = n.cosi.Create(ctx, configres.NewMachineConfig(n.cfg))
		}
	}
	members := map[string]bool{}
	if n.cfg != nil {
		for _, other := range n.fleet.nodes {
			if other.cfg == nil || other.cluster() != n.cluster() {
				continue
			}
			members[other.name] = true
			put(ctx, n.cosi, cluster.NewMember(cluster.NamespaceName, other.name), func(r *cluster.Member) {
				r.TypedSpec().Hostname = other.name
				r.TypedSpec().MachineType = other.cfg.Machine().Type()
			})
		}
	}
	for _, other := range n.fleet.nodes {
		if !members[other.name] {
			_ = n.cosi.Destroy(ctx, resource.NewMetadata(cluster.NamespaceName, cluster.MemberType, other.name, resource.VersionUndefined))
		}
	}
}

// tell sends an event to whoever listens. The lock is held.
func (n *node) tell(actor string, message proto.Message) {
	value, err := proto.Marshal(message)
	if err != nil {
		return
	}
	event := &machine.Event{
		Id:      fmt.Sprintf("%020d", len(n.events)+1),
		ActorId: actor,
		Data:    &anypb.Any{TypeUrl: "talos/runtime/" + string(message.ProtoReflect().Descriptor().FullName()), Value: value},
	}
	n.events = append(n.events, event)
	for listener := range n.news {
		select {
		case listener <- event:
		default: // it does not keep up, and misses one
		}
	}
}

// restart ends this life soon, so that an answer still gets out. The lock is held.
func (n *node) restart(sequence string, away time.Duration) {
	n.tell(n.name, &machine.SequenceEvent{Sequence: sequence, Action: machine.SequenceEvent_START})
	go func() {
		time.Sleep(100 * time.Millisecond)
		n.next <- away
	}()
}

// install takes the version of an image from its tag. The lock is held.
func (n *node) install(image string) error {
	at := strings.LastIndexByte(image, ':')
	if at < 0 || !strings.HasPrefix(image[at+1:], "v") {
		return status.Error(codes.InvalidArgument, "the image has no version")
	}
	n.kept.Installed = image[at+1:]
	return nil
}

// inSteps fails on machines that upgrade in one call. The lock is held.
func (n *node) inSteps(service string) error {
	parts := strings.Split(n.kept.Tag, ".")
	if len(parts) > 1 {
		if minor, err := strconv.Atoi(parts[1]); err == nil && minor < 13 {
			return status.Errorf(codes.Unimplemented, "unknown service %s", service)
		}
	}
	return nil
}

func loopback(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("%s is no loopback address", address)
	}
	return net.Listen("tcp", address)
}
