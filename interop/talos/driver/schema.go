package main

import (
	"encoding"
	"fmt"
	"io"
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
	out  io.Writer
	done map[string]bool
	next []reflect.Type
}

// printSchema writes the keys of every document and of every mapping within, one a line:
// `kind NAME[ named] STRUCT` and `STRUCT key:type[!replace] ...`.
func printSchema(out io.Writer) error {
	t := &table{out: out, done: map[string]bool{}}
	for _, kind := range kinds {
		text := "apiVersion: v1alpha1\nkind: " + kind + "\n"
		if kind == "v1alpha1" {
			text = "machine: {}\n"
		}
		provider, err := configloader.NewFromBytes([]byte(text))
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
		fmt.Fprintf(out, "kind %s %s%s%s\n", kind, kindOf.Name(), named, conflicts)
		t.next = append(t.next, kindOf)
	}
	for len(t.next) > 0 {
		kind := t.next[0]
		t.next = t.next[1:]
		if !t.done[kind.Name()] {
			t.done[kind.Name()] = true
			fmt.Fprintf(out, "%s %s\n", kind.Name(), strings.Join(t.fields(kind), " "))
		}
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
	if pointer.Implements(textual) || pointer.Implements(yamlish) || pointer.Implements(yamlNode) || kind.PkgPath() == "time" {
		return "<" + kind.Name() + "/" + kind.Kind().String() + ">"
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
		return prefix + kind.Name()
	default:
		return prefix + kind.Kind().String()
	}
}
