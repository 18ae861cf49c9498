package main

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/siderolabs/talos/pkg/machinery/client"
	clientconfig "github.com/siderolabs/talos/pkg/machinery/client/config"
	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/generate"
)

// makeTalosconfig makes a talosconfig for the input's name and the endpoints.
func makeTalosconfig(asked question) (answer, error) {
	var in input
	if err := json.Unmarshal(asked.Input, &in); err != nil {
		return answer{}, err
	}
	bundle, err := loadSecrets(asked.Secrets)
	if err != nil {
		return answer{}, err
	}
	contract, err := config.ParseContractFromVersion(asked.Contract)
	if err != nil {
		return answer{}, err
	}
	options := append(in.options(bundle, contract), generate.WithEndpointList(asked.Endpoints))
	made, err := generate.NewInput(in.Name, in.Endpoint, in.Kubernetes, options...)
	if err != nil {
		return answer{}, err
	}
	file, err := made.Talosconfig()
	if err != nil {
		return answer{}, err
	}
	text, err := file.Bytes()
	return answer{OK: string(text)}, err
}

// readTalosconfig reads a talosconfig as talosctl does, with the key pair and the authority of every context, and
// writes it again.
func readTalosconfig(asked question) (answer, error) {
	file, err := clientconfig.FromString(asked.Config)
	if err != nil {
		return answer{}, err
	}
	if file.Contexts[file.Context] == nil {
		return answer{}, errors.New("there is no current context")
	}
	for name, context := range file.Contexts {
		pair, err := client.CertificateFromConfigContext(context)
		if err != nil {
			return answer{}, fmt.Errorf("%s: %w", name, err)
		}
		if pair == nil {
			return answer{}, fmt.Errorf("%s: there is no key pair", name)
		}
		authority, err := base64.StdEncoding.DecodeString(context.CA)
		if err != nil {
			return answer{}, fmt.Errorf("%s: %w", name, err)
		}
		if !x509.NewCertPool().AppendCertsFromPEM(authority) {
			return answer{}, fmt.Errorf("%s: there is no authority", name)
		}
	}
	text, err := file.Bytes()
	return answer{OK: string(text)}, err
}
