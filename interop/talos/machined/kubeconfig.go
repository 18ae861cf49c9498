package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	stdx509 "crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"time"

	"github.com/siderolabs/crypto/x509"
)

// kubeconfig packs a kubeconfig as a machine does: the tar is never ended. The lock is held.
func (n *node) kubeconfig() ([]byte, error) {
	text, err := n.administrator()
	if n.fleet.kubeconfig != "" {
		text, err = os.ReadFile(n.fleet.kubeconfig)
	}
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	header := &tar.Header{Typeflag: tar.TypeReg, Name: "kubeconfig", Size: int64(len(text)), Mode: 0o600, ModTime: time.Now()}
	if err := archive.WriteHeader(header); err != nil {
		return nil, err
	}
	if _, err := archive.Write(text); err != nil {
		return nil, err
	}
	if err := zipped.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// administrator makes a kubeconfig for an hour from the cluster's CA. The lock is held.
func (n *node) administrator() ([]byte, error) {
	issuing := n.cfg.Cluster().IssuingCA()
	ca, err := x509.NewCertificateAuthorityFromCertificateAndKey(issuing)
	if err != nil {
		return nil, err
	}
	pair, err := x509.NewKeyPair(ca,
		x509.CommonName("admin"), x509.Organization("system:masters"), x509.NotAfter(time.Now().Add(time.Hour)),
		x509.KeyUsage(stdx509.KeyUsageDigitalSignature),
		x509.ExtKeyUsage([]stdx509.ExtKeyUsage{stdx509.ExtKeyUsageClientAuth}))
	if err != nil {
		return nil, err
	}
	name, b64 := n.cfg.Cluster().Name(), base64.StdEncoding.EncodeToString
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: %[1]s
  cluster:
    server: %[2]s
    certificate-authority-data: %[3]s
users:
- name: admin@%[1]s
  user:
    client-certificate-data: %[4]s
    client-key-data: %[5]s
contexts:
- name: admin@%[1]s
  context:
    cluster: %[1]s
    namespace: default
    user: admin@%[1]s
current-context: admin@%[1]s
`, name, n.cfg.Cluster().Endpoint(), b64(issuing.Crt), b64(pair.CrtPEM), b64(pair.KeyPEM)), nil
}
