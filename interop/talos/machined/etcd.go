package main

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/siderolabs/talos/pkg/machinery/api/machine"
)

func (n *node) EtcdMemberList(context.Context, *machine.EtcdMemberListRequest) (*machine.EtcdMemberListResponse, error) {
	n.fleet.mu.Lock()
	defer n.fleet.mu.Unlock()
	e, err := n.withEtcd("member list")
	if err != nil {
		return nil, err
	}
	answer := &machine.EtcdMembers{}
	for _, id := range e.ids() {
		answer.LegacyMembers = append(answer.LegacyMembers, e.Members[id])
		answer.Members = append(answer.Members, &machine.EtcdMember{
			Id: id, Hostname: e.Members[id],
			PeerUrls: []string{n.fleet.url(e.Members[id], 2380)}, ClientUrls: []string{n.fleet.url(e.Members[id], 2379)},
		})
	}
	return &machine.EtcdMemberListResponse{Messages: []*machine.EtcdMembers{answer}}, nil
}

func (n *node) EtcdStatus(context.Context, *emptypb.Empty) (*machine.EtcdStatusResponse, error) {
	n.fleet.mu.Lock()
	defer n.fleet.mu.Unlock()
	e, err := n.withEtcd("status")
	if err != nil {
		return nil, err
	}
	answer := &machine.EtcdMemberStatus{
		MemberId: n.kept.Member, Leader: e.Leader, ProtocolVersion: "3.6.0", StorageVersion: "3.6.0",
		DbSize: 20480, DbSizeInUse: 16384, RaftIndex: 10, RaftAppliedIndex: 10, RaftTerm: 2,
	}
	return &machine.EtcdStatusResponse{Messages: []*machine.EtcdStatus{{MemberStatus: answer}}}, nil
}

func (n *node) EtcdAlarmList(context.Context, *emptypb.Empty) (*machine.EtcdAlarmListResponse, error) {
	n.fleet.mu.Lock()
	defer n.fleet.mu.Unlock()
	if _, err := n.withEtcd("alarm list"); err != nil {
		return nil, err
	}
	return &machine.EtcdAlarmListResponse{Messages: []*machine.EtcdAlarm{{}}}, nil
}

func (n *node) EtcdLeaveCluster(context.Context, *machine.EtcdLeaveClusterRequest) (*machine.EtcdLeaveClusterResponse, error) {
	n.fleet.mu.Lock()
	defer n.fleet.mu.Unlock()
	e, err := n.withEtcd("leave")
	if err != nil {
		return nil, err
	}
	e.leave(n.kept.Member)
	n.fleet.settle()
	return &machine.EtcdLeaveClusterResponse{Messages: []*machine.EtcdLeaveCluster{{}}}, nil
}

func (n *node) EtcdRemoveMemberByID(_ context.Context, in *machine.EtcdRemoveMemberByIDRequest) (*machine.EtcdRemoveMemberByIDResponse, error) {
	n.fleet.mu.Lock()
	defer n.fleet.mu.Unlock()
	e, err := n.withEtcd("member remove")
	if err != nil {
		return nil, err
	}
	if !e.leave(in.GetMemberId()) {
		return nil, status.Error(codes.NotFound, "etcdserver: member not found")
	}
	n.fleet.settle()
	return &machine.EtcdRemoveMemberByIDResponse{Messages: []*machine.EtcdRemoveMemberByID{{}}}, nil
}

func (n *node) EtcdForfeitLeadership(context.Context, *machine.EtcdForfeitLeadershipRequest) (*machine.EtcdForfeitLeadershipResponse, error) {
	n.fleet.mu.Lock()
	defer n.fleet.mu.Unlock()
	e, err := n.withEtcd("forfeit leadership")
	if err != nil {
		return nil, err
	}
	answer := &machine.EtcdForfeitLeadership{Member: e.forfeit(n.kept.Member)}
	n.fleet.settle()
	return &machine.EtcdForfeitLeadershipResponse{Messages: []*machine.EtcdForfeitLeadership{answer}}, nil
}
