package main

import (
	stdx509 "crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	"go.yaml.in/yaml/v4"
)

func newSecrets(asked question) (answer, error) {
	contract, err := config.ParseContractFromVersion(asked.Contract)
	if err != nil {
		return answer{}, err
	}
	bundle, err := secrets.NewBundle(secrets.NewFixedClock(time.Now()), contract)
	if err != nil {
		return answer{}, err
	}
	text, err := yaml.Marshal(bundle)
	return answer{OK: string(text)}, err
}

func checkSecrets(asked question) (answer, error) {
	_, err := loadSecrets(asked.Secrets)
	return answer{OK: true}, err
}

// verifyChain says whether a certificate was signed by a root, at a time (RFC 3339) and for a usage (client or server).
func verifyChain(asked question) (answer, error) {
	at := time.Now()
	if asked.Time != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, asked.Time); err != nil {
			return answer{}, err
		}
	}
	usages := map[string]stdx509.ExtKeyUsage{
		"": stdx509.ExtKeyUsageAny, "client": stdx509.ExtKeyUsageClientAuth, "server": stdx509.ExtKeyUsageServerAuth,
	}
	usage, known := usages[asked.Usage]
	if !known {
		return answer{}, fmt.Errorf("unknown usage %q", asked.Usage)
	}
	roots := stdx509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(asked.Roots)) {
		return answer{}, errors.New("no root certificate")
	}
	block, _ := pem.Decode([]byte(asked.Leaf))
	if block == nil {
		return answer{}, errors.New("no leaf certificate")
	}
	leaf, err := stdx509.ParseCertificate(block.Bytes)
	if err != nil {
		return answer{}, err
	}
	_, err = leaf.Verify(stdx509.VerifyOptions{Roots: roots, CurrentTime: at, KeyUsages: []stdx509.ExtKeyUsage{usage}})
	return answer{OK: leaf.Subject.String()}, err
}
