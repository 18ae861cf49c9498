package main

import (
	"context"
	"crypto/tls"
	stdx509 "crypto/x509"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	cosi "github.com/cosi-project/runtime/api/v1alpha1"
	"github.com/cosi-project/runtime/pkg/state/protobuf/server"
	"github.com/siderolabs/crypto/x509"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	clusterapi "github.com/siderolabs/talos/pkg/machinery/api/cluster"
	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/api/storage"
	"github.com/siderolabs/talos/pkg/machinery/role"
)

// material is a certificate with its key.
type material struct{ pair tls.Certificate }

// readable is what a caller with os:reader may call.
var readable = []string{
	"Version", "ServiceList", "EtcdMemberList", "EtcdStatus", "EtcdAlarmList", "Disks", "Events", "HealthCheck",
	"Get", "List", "Watch",
}

// live serves the machine, life after life; ready hears of the first.
func (n *node) live(ready chan<- error) {
	if err := n.prepare(); err != nil {
		ready <- err
		return
	}
	var once sync.Once
	listening := func() { once.Do(func() { ready <- nil }) }
	n.fleet.mu.Lock()
	away := time.Duration(0)
	if n.kept.Off {
		away = off
	}
	n.fleet.mu.Unlock()
	for {
		for away == off {
			listening()
			away = <-n.next
		}
		time.Sleep(away)
		ended, err := n.serve(listening)
		if err != nil {
			// A worker waits for its control plane.
			fmt.Fprintf(os.Stderr, "%s: %v\n", n.name, err)
			listening()
			ended = 50 * time.Millisecond
		}
		away = ended
	}
}

// prepare makes the certificate of maintenance mode, which lasts as long as the process.
func (n *node) prepare() error {
	ca, err := x509.NewSelfSignedCertificateAuthority(x509.Organization("talos"), x509.ECDSA(true))
	if err != nil {
		return err
	}
	pair, err := n.sign(ca, nil)
	if err != nil {
		return err
	}
	n.maintenance = &material{*pair}
	fingerprint, err := x509.SPKIFingerprintFromDER(pair.Certificate[0])
	n.fingerprint = fingerprint.String()
	return err
}

func (n *node) sign(ca *x509.CertificateAuthority, sans []string) (*tls.Certificate, error) {
	ips, names := []net.IP{net.IPv4(127, 0, 0, 1)}, []string{n.name}
	if host, _, err := net.SplitHostPort(n.kept.Address); err == nil {
		sans = append(sans, host)
	}
	for _, san := range sans {
		if ip := net.ParseIP(san); ip != nil {
			ips = append(ips, ip)
		} else {
			names = append(names, san)
		}
	}
	pair, err := x509.NewKeyPair(ca,
		x509.CommonName(n.name), x509.IPAddresses(ips), x509.DNSNames(names),
		x509.NotAfter(time.Now().Add(24*time.Hour)),
		x509.KeyUsage(stdx509.KeyUsageDigitalSignature),
		x509.ExtKeyUsage([]stdx509.ExtKeyUsage{stdx509.ExtKeyUsageServerAuth}))
	if err != nil {
		return nil, err
	}
	return pair.Certificate, nil
}

// tls is how the machine is spoken to: by anybody before it has a config, by the cluster's people after.
func (n *node) tls() (*tls.Config, error) {
	n.fleet.mu.Lock()
	defer n.fleet.mu.Unlock()
	settings := &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"}}
	if n.cfg == nil {
		settings.Certificates = []tls.Certificate{n.maintenance.pair}
		return settings, nil
	}
	security := n.cfg.Machine().Security()
	crt, key := []byte(n.ca()), []byte(nil)
	// A worker has no key; a control plane of its cluster signs for it.
	for _, other := range n.fleet.nodes {
		if other.isControlPlane() && other.cluster() == n.cluster() && (len(key) == 0 || other.ca() == n.ca()) {
			// Whoever signs gives away its own authority.
			crt, key = []byte(other.ca()), other.cfg.Machine().Security().IssuingCA().Key
		}
	}
	if len(key) == 0 {
		return nil, fmt.Errorf("no control plane of its cluster has signed its certificate yet")
	}
	ca, err := x509.NewCertificateAuthorityFromCertificateAndKey(&x509.PEMEncodedCertificateAndKey{Crt: crt, Key: key})
	if err != nil {
		return nil, err
	}
	pair, err := n.sign(ca, security.CertSANs())
	if err != nil {
		return nil, err
	}
	settings.Certificates = []tls.Certificate{*pair}
	settings.ClientAuth, settings.ClientCAs = tls.RequireAndVerifyClientCert, stdx509.NewCertPool()
	settings.ClientCAs.AppendCertsFromPEM([]byte(n.ca()))
	for _, accepted := range security.AcceptedCAs() {
		settings.ClientCAs.AppendCertsFromPEM(accepted.Crt)
	}
	return settings, nil
}

// noted remembers its connections, so that they can be cut.
type noted struct {
	net.Listener
	node *node
}

func (l noted) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.node.connections.Store(conn, true)
	}
	return conn, err
}

func (n *node) cut() {
	n.connections.Range(func(conn, _ any) bool {
		_ = conn.(net.Conn).Close()
		n.connections.Delete(conn)
		return true
	})
}

// serve is one life; it returns how long the machine is away then.
func (n *node) serve(listening func()) (time.Duration, error) {
	n.fleet.mu.Lock()
	err := n.boot()
	configured := n.cfg != nil
	n.fleet.mu.Unlock()
	if err != nil {
		return 0, err
	}
	settings, err := n.tls()
	if err != nil {
		return 0, err
	}
	if configured {
		// Authorities that a config brings count for the next connection, without a restart.
		settings.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			n.fleet.mu.Lock()
			wiped := n.cfg == nil
			n.fleet.mu.Unlock()
			if wiped {
				return nil, fmt.Errorf("it was reset and ends this life")
			}
			return n.tls()
		}
	}
	listener, err := loopback(n.kept.Address)
	if err != nil {
		return 0, err
	}
	n.fleet.mu.Lock()
	n.kept.Address = listener.Addr().String()
	if n.kept.Installed != "" {
		n.kept.Tag, n.kept.Installed = n.kept.Installed, ""
	}
	n.fleet.settle()
	n.fleet.mu.Unlock()
	srv := grpc.NewServer(grpc.Creds(credentials.NewTLS(settings)),
		grpc.UnaryInterceptor(func(ctx context.Context, req any, i *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
			if err := n.admit(ctx, i.FullMethod, req); err != nil {
				return nil, err
			}
			return h(ctx, req)
		}),
		grpc.StreamInterceptor(func(s any, ss grpc.ServerStream, i *grpc.StreamServerInfo, h grpc.StreamHandler) error {
			if err := n.admit(ss.Context(), i.FullMethod, nil); err != nil {
				return err
			}
			return h(s, ss)
		}))
	machine.RegisterMachineServiceServer(srv, n)
	machine.RegisterImageServiceServer(srv, images{node: n})
	machine.RegisterLifecycleServiceServer(srv, installer{node: n})
	storage.RegisterStorageServiceServer(srv, disks{node: n})
	clusterapi.RegisterClusterServiceServer(srv, health{node: n})
	cosi.RegisterStateServer(srv, server.NewState(n.cosi))
	go func() { _ = srv.Serve(noted{listener, n}) }()
	listening()
	away := <-n.next
	srv.Stop()
	n.cut()
	return away, nil
}

// admit lets a call in, or fails it as the machine was told to.
func (n *node) admit(ctx context.Context, method string, req any) error {
	n.fleet.mu.Lock()
	t := n.trouble
	if t.Drop > 0 {
		n.trouble.Drop--
	} else if t.Refuse > 0 {
		n.trouble.Refuse--
	}
	configured := n.cfg != nil
	n.fleet.mu.Unlock()
	time.Sleep(time.Duration(t.DelayMS) * time.Millisecond)
	if t.Drop > 0 {
		n.cut()
		<-ctx.Done()
		return ctx.Err()
	}
	if t.Refuse > 0 {
		return status.Error(codes.Code(t.RefuseCode), "as it was told to")
	}
	// Machines that pass calls on are many; here a call is for the machine itself, or there is no way.
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		host, _, _ := net.SplitHostPort(n.kept.Address)
		for _, name := range md.Get("node") {
			if name != n.name && name != host && name != n.kept.Address {
				return status.Errorf(codes.Unavailable, "no way to node %s", name)
			}
		}
	}
	// In maintenance mode everybody reads.
	roles := []string{string(role.Reader)}
	if p, ok := peer.FromContext(ctx); ok {
		if info, ok := p.AuthInfo.(credentials.TLSInfo); ok && len(info.State.PeerCertificates) > 0 {
			roles = info.State.PeerCertificates[0].Subject.Organization
		}
	}
	name := method[strings.LastIndexByte(method, '/')+1:]
	may := slices.Contains(roles, string(role.Admin))
	if slices.Contains(roles, string(role.Reader)) {
		may = may || slices.Contains(readable, name) || name == "ApplyConfiguration" && !configured
	}
	// What is secret is not for everybody who reads.
	if get, ok := req.(*cosi.GetRequest); ok && strings.HasPrefix(get.GetType(), "MachineConfigs.") {
		may = slices.Contains(roles, string(role.Admin))
	}
	if t.Deny || !may {
		return status.Error(codes.PermissionDenied, "not authorized")
	}
	return nil
}
