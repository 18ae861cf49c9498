package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	clusterapi "github.com/siderolabs/talos/pkg/machinery/api/cluster"
	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/api/storage"
)

type images struct {
	machine.UnimplementedImageServiceServer
	node *node
}

func (i images) Pull(in *machine.ImageServicePullRequest, out grpc.ServerStreamingServer[machine.ImageServicePullResponse]) error {
	n := i.node
	n.fleet.mu.Lock()
	err := n.inSteps("machine.ImageService")
	if err == nil && !strings.Contains(in.GetImageRef(), ":") {
		err = status.Error(codes.InvalidArgument, "invalid image reference")
	}
	if err == nil {
		n.kept.Pulled = append(n.kept.Pulled, in.GetImageRef())
		n.fleet.settle()
	}
	n.fleet.mu.Unlock()
	if err != nil {
		return err
	}
	progress := &machine.ImageServicePullProgress{LayerId: "layer-1", Progress: &machine.ImageServicePullLayerProgress{Offset: 1024, Total: 1024}}
	if err := out.Send(&machine.ImageServicePullResponse{Response: &machine.ImageServicePullResponse_PullProgress{PullProgress: progress}}); err != nil {
		return err
	}
	name := in.GetImageRef() + "@sha256:" + strings.Repeat("0", 64)
	return out.Send(&machine.ImageServicePullResponse{Response: &machine.ImageServicePullResponse_Name{Name: name}})
}

type installer struct {
	machine.UnimplementedLifecycleServiceServer
	node *node
}

func (i installer) Upgrade(in *machine.LifecycleServiceUpgradeRequest, out grpc.ServerStreamingServer[machine.LifecycleServiceUpgradeResponse]) error {
	n := i.node
	image := in.GetSource().GetImageName()
	n.fleet.mu.Lock()
	err := n.inSteps("machine.LifecycleService")
	if err == nil && !slices.Contains(n.kept.Pulled, image) {
		err = status.Errorf(codes.NotFound, "image %s not found", image)
	}
	fails := n.trouble.InstallerFails
	if err == nil && !fails {
		err = n.install(image)
		n.fleet.settle()
	}
	n.fleet.mu.Unlock()
	if err != nil {
		return err
	}
	line, code := "installation done", int32(0)
	if fails {
		line, code = "no space left on device", 1
	}
	for _, progress := range []*machine.LifecycleServiceInstallProgress{
		{Response: &machine.LifecycleServiceInstallProgress_Message{Message: line}},
		{Response: &machine.LifecycleServiceInstallProgress_ExitCode{ExitCode: code}},
	} {
		if err := out.Send(&machine.LifecycleServiceUpgradeResponse{Progress: progress}); err != nil {
			return err
		}
	}
	return nil
}

type disks struct {
	storage.UnimplementedStorageServiceServer
	node *node
}

func (d disks) Disks(context.Context, *emptypb.Empty) (*storage.DisksResponse, error) {
	d.node.fleet.mu.Lock()
	defer d.node.fleet.mu.Unlock()
	disk := &storage.Disk{DeviceName: "/dev/sda", Size: 20 << 30, Model: "TEST", Type: storage.Disk_SSD, SystemDisk: d.node.cfg != nil}
	return &storage.DisksResponse{Messages: []*storage.Disks{{Disks: []*storage.Disk{disk}}}}, nil
}

type health struct {
	clusterapi.UnimplementedClusterServiceServer
	node *node
}

func (h health) HealthCheck(in *clusterapi.HealthCheckRequest, out grpc.ServerStreamingServer[clusterapi.HealthCheckProgress]) error {
	ctx, cancel := context.WithTimeout(out.Context(), in.GetWaitTimeout().AsDuration())
	defer cancel()
	for {
		h.node.fleet.mu.Lock()
		err := h.node.controlPlane("health check")
		_, ready := h.node.stage()
		h.node.fleet.mu.Unlock()
		if err != nil {
			return err
		}
		text := "waiting for etcd to be healthy: ..."
		if ready {
			text = "waiting for etcd to be healthy: OK"
		}
		if err := out.Send(&clusterapi.HealthCheckProgress{Message: text}); err != nil || ready {
			return err
		}
		select {
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
