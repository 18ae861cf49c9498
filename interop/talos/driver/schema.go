package main

import (
	"encoding"
	"fmt"
	"io"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/siderolabs/talos/pkg/machinery/config/config"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"go.yaml.in/yaml/v4"
)

var kinds = strings.Fields(`v1alpha1 ExtensionServiceConfig OOMConfig KmsgLogConfig WatchdogTimerConfig EventSinkConfig
	EnvironmentConfig SideroLinkConfig BridgeConfig VLANConfig LinkConfig DHCPv4Config ResolverConfig BlackholeRouteConfig
	DHCPv6Config RoutingRuleConfig WireguardConfig HCloudVIPConfig NetworkDefaultActionConfig EthernetConfig
	DummyLinkConfig KubeSpanEndpointsConfig LinkAliasConfig StaticHostConfig TimeSyncConfig BondConfig KubeSpanConfig
	HostnameConfig NetworkRuleConfig TCPProbeConfig VRFConfig Layer2VIPConfig ZswapConfig ExistingVolumeConfig
	RawVolumeConfig ExternalVolumeConfig VolumeConfig SwapVolumeConfig UserVolumeConfig RegistryTLSConfig
	RegistryAuthConfig RegistryMirrorConfig PCIDriverRebindConfig ImageVerificationConfig TrustedRootsConfig`)

type table struct {
	out   io.Writer
	names map[string]reflect.Type
	done  map[string]bool
	next  []reflect.Type
	// What has no fields of its own to be walked.
	lines []string
}

// printSchema writes the keys of every document and of every mapping within, one a line:
// `kind NAME STRUCT [named] [conflicts=KINDS]`, `STRUCT KEY:TYPE[!] ...` and `enum NAME VALUE ...`.
func printSchema(out io.Writer) error {
	t := &table{out: out, names: map[string]reflect.Type{}, done: map[string]bool{}}
	for _, kind := range kinds {
		text := "apiVersion: v1alpha1\nkind: " + kind + "\n"
		if kind == "v1alpha1" {
			text = "machine: {}\n"
		}
		provider, err := configloader.NewFromBytes([]byte(text))
		// With an older module some kinds are not there yet.
		if err != nil && strings.Contains(err.Error(), "not registered") {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		document := provider.Documents()[0]
		named := ""
		if _, is := document.(config.NamedDocument); is {
			named = " named"
		}
		kindOf := reflect.TypeOf(document).Elem()
		conflicts := ""
		if c, is := document.(config.ConflictingDocument); is {
			conflicts = " conflicts=" + strings.Join(c.ConflictsWithKinds(), ",")
		}
		fmt.Fprintf(out, "kind %s %s%s%s\n", kind, t.name(kindOf), named, conflicts)
		t.next = append(t.next, kindOf)
	}
	for len(t.next) > 0 {
		kind := t.next[0]
		t.next = t.next[1:]
		if name := t.name(kind); !t.done[name] {
			t.done[name] = true
			fmt.Fprintln(out, strings.TrimSpace(name+" "+strings.Join(t.fields(kind), " ")))
		}
	}
	for _, line := range t.lines {
		fmt.Fprintln(out, line)
	}
	return nil
}

func (t *table) fields(kind reflect.Type) (fields []string) {
	for i := range kind.NumField() {
		field := kind.Field(i)
		tag := strings.Split(field.Tag.Get("yaml"), ",")
		switch {
		case tag[0] == "-" || !field.IsExported():
		case slices.Contains(tag, "inline"):
			inner := field.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			fields = append(fields, t.fields(inner)...)
		default:
			name := tag[0]
			if name == "" {
				name = strings.ToLower(field.Name)
			}
			spec := name + ":" + t.spell(field.Type)
			if field.Tag.Get("merge") == "replace" {
				spec += "!"
			}
			fields = append(fields, spec)
		}
	}
	return fields
}

var (
	textual  = reflect.TypeFor[encoding.TextUnmarshaler]()
	yamlish  = reflect.TypeFor[interface{ UnmarshalYAML(func(any) error) error }]()
	yamlNode = reflect.TypeFor[yaml.Unmarshaler]()
	merging  = reflect.TypeFor[interface{ Merge(any) error }]()
)

func (t *table) spell(kind reflect.Type) string {
	if kind.Kind() == reflect.Pointer {
		return "*" + t.spell(kind.Elem())
	}
	pointer := reflect.PointerTo(kind)
	if kind.Name() == "ClusterInlineManifests" {
		return "[]" + t.spell(kind.Elem())
	}
	if strings.HasPrefix(kind.Name(), "PEMEncoded") {
		return t.pem(kind)
	}
	if pointer.Implements(textual) && strings.Contains(kind.Kind().String(), "int") {
		return t.enumeration(kind)
	}
	if pointer.Implements(textual) || pointer.Implements(yamlish) || pointer.Implements(yamlNode) || kind.PkgPath() == "time" {
		return "<" + kind.Name() + ">"
	}
	prefix := ""
	if pointer.Implements(merging) {
		prefix = "~" + kind.Name() + "="
	}
	switch kind.Kind() {
	case reflect.Slice:
		return prefix + "[]" + t.spell(kind.Elem())
	case reflect.Map:
		return prefix + "{" + kind.Key().Kind().String() + "}" + t.spell(kind.Elem())
	case reflect.Struct:
		if kind.Name() == "Unstructured" {
			return prefix + "any"
		}
		t.next = append(t.next, kind)
		return prefix + t.name(kind)
	default:
		return prefix + kind.Kind().String()
	}
}

// pem describes certificates and keys, which read their base64 themselves.
func (t *table) pem(kind reflect.Type) string {
	if !t.done[kind.Name()] {
		t.done[kind.Name()] = true
		line := kind.Name()
		for i := range kind.NumField() {
			line += " " + strings.ToLower(kind.Field(i).Name) + ":<Base64>"
		}
		t.lines = append(t.lines, line)
	}
	return kind.Name()
}

// enumeration lists the names that a type reads, that of its zero value first; one without a zero value begins with `-`.
func (t *table) enumeration(kind reflect.Type) string {
	if !t.done[kind.Name()] {
		t.done[kind.Name()] = true
		line := "enum " + kind.Name()
		for number := range 256 {
			value := reflect.New(kind)
			if value.Elem().CanInt() {
				value.Elem().SetInt(int64(number))
			} else {
				value.Elem().SetUint(uint64(number))
			}
			name := fmt.Sprint(value.Elem().Interface())
			read := reflect.New(kind)
			if read.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(name)) == nil && read.Elem().Equal(value.Elem()) {
				line += " " + name
			} else if number == 0 {
				line += " -"
			}
		}
		// Numbers that are no small ones, as of VLAN protocols.
		for _, number := range []uint64{0x8100, 0x88a8} {
			value := reflect.New(kind)
			if value.Elem().CanUint() && !value.Elem().OverflowUint(number) {
				value.Elem().SetUint(number)
				name := fmt.Sprint(value.Elem().Interface())
				if reflect.New(kind).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(name)) == nil {
					line += " " + name
				}
			}
		}
		t.lines = append(t.lines, line)
	}
	return "<" + kind.Name() + ">"
}

// name names a type; of two types of one name, the second has its package's name too.
func (t *table) name(kind reflect.Type) string {
	name := kind.Name()
	if first, taken := t.names[name]; taken && first != kind {
		name += "_" + path.Base(kind.PkgPath())
	}
	t.names[name] = kind
	return name
}
