package main

import (
	"encoding/json"

	"go.yaml.in/yaml/v4"
)

// schematic has the fields of Image Factory's own type in their order: the id is the digest of what is written.
type schematic struct {
	Owner         string        `yaml:"owner,omitempty" json:"owner"`
	Overlay       overlay       `yaml:"overlay,omitempty" json:"overlay"`
	Customization customization `yaml:"customization" json:"customization"`
}

type overlay struct {
	Image   string         `yaml:"image" json:"image"`
	Name    string         `yaml:"name" json:"name"`
	Options map[string]any `yaml:"options,omitempty" json:"options"`
}

type customization struct {
	EmbeddedMachineConfiguration string           `yaml:"embeddedMachineConfiguration,omitempty" json:"embeddedMachineConfiguration"`
	ExtraKernelArgs              []string         `yaml:"extraKernelArgs,omitempty" json:"extraKernelArgs"`
	Meta                         []metaValue      `yaml:"meta,omitempty" json:"meta"`
	SystemExtensions             systemExtensions `yaml:"systemExtensions,omitempty" json:"systemExtensions"`
	Bootloader                   string           `yaml:"bootloader,omitempty" json:"bootloader"`
	SecureBoot                   secureBoot       `yaml:"secureboot,omitempty" json:"secureboot"`
	DiskImage                    diskImage        `yaml:"diskImage,omitempty" json:"diskImage"`
}

type metaValue struct {
	Key   uint8  `yaml:"key" json:"key"`
	Value string `yaml:"value" json:"value"`
}

type systemExtensions struct {
	OfficialExtensions []string `yaml:"officialExtensions,omitempty" json:"officialExtensions"`
}

type secureBoot struct {
	EnrollKeys                   string `yaml:"enrollKeys,omitempty" json:"enrollKeys"`
	IncludeWellKnownCertificates bool   `yaml:"includeWellKnownCertificates,omitempty" json:"includeWellKnownCertificates"`
}

type diskImage struct {
	SectorSize uint `yaml:"sectorSize,omitempty" json:"sectorSize"`
}

// writeSchematic writes a schematic as a factory does before it digests it.
func writeSchematic(asked question) (answer, error) {
	var made schematic
	if err := json.Unmarshal(asked.Input, &made); err != nil {
		return answer{}, err
	}
	text, err := yaml.Marshal(&made)
	return answer{OK: string(text)}, err
}
