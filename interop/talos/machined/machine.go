package main

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/siderolabs/talos/pkg/machinery/api/common"
	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
)

// platform is what Talos's validation is told to run on.
type platform string

func (m platform) String() string        { return string(m) }
func (m platform) RequiresInstall() bool { return m == "metal" }
func (m platform) InContainer() bool     { return m == "container" }

func (n *node) ApplyConfiguration(_ context.Context, in *machine.ApplyConfigurationRequest) (*machine.ApplyConfigurationResponse, error) {
	n.fleet.mu.Lock()
	defer n.fleet.mu.Unlock()
	cfg, err := configloader.NewFromBytes(in.GetData())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	warnings, err := cfg.Validate(platform(n.fleet.mode))
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	mode := in.GetMode()
	if mode == machine.ApplyConfigurationRequest_AUTO {
		mode = machine.ApplyConfigurationRequest_NO_REBOOT
	}
	answer := &machine.ApplyConfiguration{Warnings: warnings, Mode: mode, ModeDetails: "Applied configuration without a reboot"}
	if in.GetDryRun() {
		answer.ModeDetails = "Dry run summary:\n" + answer.ModeDetails + " (skipped in dry-run)."
		return &machine.ApplyConfigurationResponse{Messages: []*machine.ApplyConfiguration{answer}}, nil
	}
	first := n.cfg == nil
	// Documents without a machine config (e.g. of a network) leave the machine waiting for one.
	if first && cfg.RawV1Alpha1() == nil {
		return &machine.ApplyConfigurationResponse{Messages: []*machine.ApplyConfiguration{answer}}, nil
	}
	n.cfg, n.kept.Config = cfg, string(in.GetData())
	if first || mode == machine.ApplyConfigurationRequest_REBOOT {
		n.restart("boot", n.fleet.outage)
	}
	n.fleet.settle()
	return &machine.ApplyConfigurationResponse{Messages: []*machine.ApplyConfiguration{answer}}, nil
}

func (n *node) Bootstrap(context.Context, *machine.BootstrapRequest) (*machine.BootstrapResponse, error) {
	n.fleet.mu.Lock()
	defer n.fleet.mu.Unlock()
	if err := n.controlPlane("bootstrap"); err != nil {
		return nil, err
	}
	if n.kept.TooEarly > 0 {
		n.kept.TooEarly--
		n.fleet.settle()
		return nil, status.Error(codes.FailedPrecondition, "bootstrap is not available yet")
	}
	if n.kept.Member != 0 {
		return nil, status.Error(codes.AlreadyExists, "etcd data directory is not empty")
	}
	n.kept.Member = n.etcd().join(n.name)
	n.tell("", &machine.ServiceStateEvent{Service: "etcd", Action: machine.ServiceStateEvent_RUNNING, Message: "Started"})
	n.fleet.settle()
	return &machine.BootstrapResponse{Messages: []*machine.Bootstrap{{}}}, nil
}

func (n *node) Version(context.Context, *emptypb.Empty) (*machine.VersionResponse, error) {
	n.fleet.mu.Lock()
	defer n.fleet.mu.Unlock()
	return &machine.VersionResponse{Messages: []*machine.Version{{
		Version:  &machine.VersionInfo{Tag: n.kept.Tag, Sha: "test", Os: "linux", Arch: "amd64"},
		Platform: &machine.PlatformInfo{Name: n.fleet.mode, Mode: n.fleet.mode},
		Features: &machine.FeaturesInfo{Rbac: true},
	}}}, nil
}

func (n *node) ServiceList(context.Context, *emptypb.Empty) (*machine.ServiceListResponse, error) {
	n.fleet.mu.Lock()
	defer n.fleet.mu.Unlock()
	ids := []string{"apid", "containerd", "machined", "syslogd", "udevd"}
	if n.cfg != nil {
		ids = append(ids, "cri", "kubelet")
	}
	if n.isControlPlane() {
		ids = append(ids, "etcd", "trustd")
	}
	var list []*machine.ServiceInfo
	for _, id := range ids {
		s := &machine.ServiceInfo{Id: id, State: "Running", Health: &machine.ServiceHealth{Healthy: true}, Events: &machine.ServiceEvents{}}
		if id == "etcd" && n.kept.Member == 0 {
			s.State, s.Health = "Preparing", &machine.ServiceHealth{Unknown: true}
		} else if id == "etcd" && n.trouble.EtcdUnhealthy {
			s.Health = &machine.ServiceHealth{LastMessage: "context deadline exceeded"}
		}
		list = append(list, s)
	}
	return &machine.ServiceListResponse{Messages: []*machine.ServiceList{{Services: list}}}, nil
}

func (n *node) Kubeconfig(_ *emptypb.Empty, out grpc.ServerStreamingServer[common.Data]) error {
	n.fleet.mu.Lock()
	err := n.controlPlane("kubeconfig")
	var packed []byte
	if err == nil {
		packed, err = n.kubeconfig()
	}
	n.fleet.mu.Unlock()
	// In pieces, as it may come from a machine.
	for err == nil && len(packed) > 0 {
		size := min(len(packed), 512)
		err = out.Send(&common.Data{Bytes: packed[:size]})
		packed = packed[size:]
	}
	return err
}

func (n *node) Reboot(context.Context, *machine.RebootRequest) (*machine.RebootResponse, error) {
	n.fleet.mu.Lock()
	defer n.fleet.mu.Unlock()
	n.restart("reboot", n.fleet.outage)
	n.fleet.settle()
	return &machine.RebootResponse{Messages: []*machine.Reboot{{ActorId: n.name}}}, nil
}

func (n *node) Upgrade(_ context.Context, in *machine.UpgradeRequest) (*machine.UpgradeResponse, error) {
	n.fleet.mu.Lock()
	defer n.fleet.mu.Unlock()
	if err := n.install(in.GetImage()); err != nil {
		return nil, err
	}
	n.restart("upgrade", n.fleet.outage)
	n.fleet.settle()
	return &machine.UpgradeResponse{Messages: []*machine.Upgrade{{Ack: "Upgrade request received", ActorId: n.name}}}, nil
}

func (n *node) Reset(_ context.Context, in *machine.ResetRequest) (*machine.ResetResponse, error) {
	n.fleet.mu.Lock()
	defer n.fleet.mu.Unlock()
	// Without a list everything goes.
	config, data := len(in.GetSystemPartitionsToWipe()) == 0, len(in.GetSystemPartitionsToWipe()) == 0
	for _, partition := range in.GetSystemPartitionsToWipe() {
		config = config || partition.GetLabel() == "STATE" && partition.GetWipe()
		data = data || partition.GetLabel() == "EPHEMERAL" && partition.GetWipe()
	}
	if in.GetMode() == machine.ResetRequest_USER_DISKS {
		config, data = false, false
	}
	if e := n.etcd(); e != nil && in.GetGraceful() && data {
		e.leave(n.kept.Member)
	}
	if data {
		n.kept.Member, n.kept.Pulled = 0, nil
	}
	if config {
		n.cfg, n.kept.Config = nil, ""
	}
	away := n.fleet.outage
	if !in.GetReboot() {
		away, n.kept.Off = off, true
	}
	n.restart("reset", away)
	n.fleet.settle()
	return &machine.ResetResponse{Messages: []*machine.Reset{{ActorId: n.name}}}, nil
}

func (n *node) Events(in *machine.EventsRequest, out grpc.ServerStreamingServer[machine.Event]) error {
	news := make(chan *machine.Event, 64)
	n.fleet.mu.Lock()
	past := n.events
	if tail := int(in.GetTailEvents()); tail >= 0 && tail < len(past) {
		past = past[len(past)-tail:]
	}
	n.news[news] = true
	n.fleet.mu.Unlock()
	defer func() {
		n.fleet.mu.Lock()
		delete(n.news, news)
		n.fleet.mu.Unlock()
	}()
	for _, event := range past {
		if err := out.Send(event); err != nil {
			return err
		}
	}
	for {
		select {
		case <-out.Context().Done():
			return out.Context().Err()
		case event := <-news:
			if err := out.Send(event); err != nil {
				return err
			}
		}
	}
}
