# What kcat -J has read of `entities` and `associations`, as one description a host.

# kcat gives headers as one list: name, value, name, value.
def header($name):
  .headers as $h | first(range(0; $h | length; 2) | select($h[.] == $name) | $h[. + 1]);

# The newest of each id. Reading a record twice changes nothing.
def newest: group_by(.id) | map(max_by([.time, .task // ""]));

def main: .attributes[.type];

[inputs | select(.payload != null) | {type: header("ce_type"), value: (.payload | fromjson)}] as $all
| ([$all[] | select(.type == "sonde.entity.v1").value] | newest | map({(.id): .}) | add + {}) as $entities
# An association can come before its ends, and waits for them.
| ([$all[] | select(.type == "sonde.association.v1").value] | newest
   | map({edge: ., origin: $entities[.entityID], end: $entities[.relatedEntityID]}
         | select(.origin and .end))) as $edges
# By service: from a port to its services is a way to those of all hosts.
| ($edges | map(select(.origin.type == "port" and .end.type == "service")
                | {(.end.id): (.origin | main)}) | add + {}) as $ports
| ($edges | map(select(.origin.type != "port")) | group_by(.origin.id)
   | map({(.[0].origin.id): .}) | add + {}) as $links

| def links($kind): ($links[.id] // [])[] | select(.end.type == $kind);

  # Edges of earlier scans remain on the topic: those of the newest one count.
  def service:
    . as $service
    | def now($kind): links($kind) | select(.edge.task == $service.task);
    (.attributes | {name, product, version, confidence, cpe} | with_entries(select(.value != null))) + {
      endpoint: main,
      tls: .attributes.tls,
      seen: .time,
      banners: [now("banner").end | main] | sort,
      certificates: [
        now("certificate")
        | {position: .edge.evidence["chain-position"]}
          + (.end.attributes | {sha256, subject, "not-after"} | with_entries(select(.value != null)))
      ] | sort_by(.position, .sha256)
    };

  [
    $entities[]
    | select(.type == "ip" or .type == "hostname")
    | [links("service").end | select($ports[.id])] as $services
    | select($services != [])
    | {
        host: main,
        type,
        ports: [
          $services | group_by($ports[.id])[]
          | {port: $ports[.[0].id], services: (map(service) | sort_by(.endpoint))}
        ] | sort_by(.port | split("/")[0] | tonumber)
      }
      + if .type == "hostname" then {addresses: [links("ip").end | main] | sort} else {} end
  ] | sort_by(.host)[]
