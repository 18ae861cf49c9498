package main

import (
	"encoding/json"

	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/config/configpatcher"
	"github.com/siderolabs/talos/pkg/machinery/config/encoder"
	"github.com/siderolabs/talos/pkg/machinery/config/generate"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	"github.com/siderolabs/talos/pkg/machinery/config/machine"
	"github.com/siderolabs/talos/pkg/machinery/config/types/v1alpha1"
	"github.com/siderolabs/talos/pkg/machinery/config/validation"
	"go.yaml.in/yaml/v4"
)

// input describes a cluster and a machine in the terms of Talos's generator.
type input struct {
	Name            string              `json:"name"`
	Endpoint        string              `json:"endpoint"`
	Kubernetes      string              `json:"kubernetes"`
	Role            string              `json:"role"`
	SANs            []string            `json:"sans"`
	InstallDisk     string              `json:"installDisk"`
	InstallImage    string              `json:"installImage"`
	KernelArgs      []string            `json:"kernelArgs"`
	Sysctls         map[string]string   `json:"sysctls"`
	Mirrors         map[string][]string `json:"mirrors"`
	CACerts         map[string]string   `json:"caCerts"`
	Insecure        []string            `json:"insecure"`
	DNSDomain       string              `json:"dnsDomain"`
	Debug           bool                `json:"debug"`
	CNI             string              `json:"cni"`
	CNIURLs         []string            `json:"cniUrls"`
	AllowScheduling bool                `json:"allowScheduling"`
	LocalPort       int                 `json:"localPort"`
	Discovery       *bool               `json:"discovery"`
	KubePrismPort   *int                `json:"kubePrismPort"`
	KubeSpan        *bool               `json:"kubeSpan"`
	PodNet          []string            `json:"podNet"`
	ServiceNet      []string            `json:"serviceNet"`
}

type mode string

func (m mode) String() string        { return string(m) }
func (m mode) RequiresInstall() bool { return m == "metal" }
func (m mode) InContainer() bool     { return m == "container" }

func loadSecrets(text string) (*secrets.Bundle, error) {
	bundle := &secrets.Bundle{Clock: secrets.NewClock()}
	if err := yaml.Unmarshal([]byte(text), bundle); err != nil {
		return nil, err
	}
	return bundle, bundle.Validate()
}

func (in *input) options(bundle *secrets.Bundle, contract *config.VersionContract) []generate.Option {
	options := []generate.Option{
		generate.WithSecretsBundle(bundle),
		generate.WithVersionContract(contract),
		generate.WithAdditionalSubjectAltNames(in.SANs),
		generate.WithInstallDisk(in.InstallDisk),
		generate.WithInstallImage(in.InstallImage),
		generate.WithInstallExtraKernelArgs(in.KernelArgs),
		generate.WithSysctls(in.Sysctls),
		generate.WithDebug(in.Debug),
		generate.WithAllowSchedulingOnControlPlanes(in.AllowScheduling),
		generate.WithLocalAPIServerPort(in.LocalPort),
	}
	for host, endpoints := range in.Mirrors {
		options = append(options, generate.WithRegistryMirror(host, endpoints...))
	}
	for host, authority := range in.CACerts {
		options = append(options, generate.WithRegistryCACert(host, authority))
	}
	for _, host := range in.Insecure {
		options = append(options, generate.WithRegistryInsecureSkipVerify(host))
	}
	if in.DNSDomain != "" {
		options = append(options, generate.WithDNSDomain(in.DNSDomain))
	}
	if in.CNI != "" {
		options = append(options, generate.WithClusterCNIConfig(&v1alpha1.CNIConfig{CNIName: in.CNI, CNIUrls: in.CNIURLs}))
	}
	if in.Discovery != nil {
		options = append(options, generate.WithClusterDiscovery(*in.Discovery))
	}
	if in.KubePrismPort != nil {
		options = append(options, generate.WithKubePrismPort(*in.KubePrismPort))
	}
	if in.KubeSpan != nil {
		options = append(options, generate.WithKubeSpanEnabled(*in.KubeSpan))
	}
	return options
}

func generateConfig(asked question) (answer, error) {
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
	made, err := generate.NewInput(in.Name, in.Endpoint, in.Kubernetes, in.options(bundle, contract)...)
	if err != nil {
		return answer{}, err
	}
	if len(in.PodNet) > 0 {
		made.PodNet = in.PodNet
	}
	if len(in.ServiceNet) > 0 {
		made.ServiceNet = in.ServiceNet
	}
	kind, err := machine.ParseType(in.Role)
	if err != nil {
		return answer{}, err
	}
	provider, err := made.Config(kind)
	if err != nil {
		return answer{}, err
	}
	return encode(provider)
}

func encode(provider config.Provider) (answer, error) {
	text, err := provider.EncodeString(encoder.WithComments(encoder.CommentsDisabled))
	return answer{OK: text}, err
}

func validateConfig(asked question) (answer, error) {
	provider, err := configloader.NewFromBytes([]byte(asked.Config))
	if err != nil {
		return answer{}, err
	}
	warnings, err := provider.Validate(mode(asked.Mode), validation.WithLocal())
	return answer{OK: true, Warnings: warnings}, err
}

// normalizeConfig writes a config as Talos itself would: two texts that come out alike mean the same to it.
func normalizeConfig(asked question) (answer, error) {
	provider, err := configloader.NewFromBytes([]byte(asked.Config))
	if err != nil {
		return answer{}, err
	}
	return encode(provider)
}

func patchConfig(asked question) (answer, error) {
	var patches []configpatcher.Patch
	for _, text := range asked.Patches {
		patch, err := configpatcher.LoadPatch([]byte(text))
		if err != nil {
			return answer{}, err
		}
		patches = append(patches, patch)
	}
	out, err := configpatcher.Apply(configpatcher.WithBytes([]byte(asked.Config)), patches)
	if err != nil {
		return answer{}, err
	}
	text, err := out.Bytes()
	if err != nil {
		return answer{}, err
	}
	return normalizeConfig(question{Config: string(text)})
}
