{{/* What each component is: `defaults`, for a worker `worker.defaults` over that, and its own section. */}}

{{/* Lay *over* over *base*, map by map, in place. Sprig's merge takes `false` and 0 for "not given". */}}
{{- define "wheelyard.overlay" -}}
{{- $base := .base -}}
{{- range $key, $value := .over -}}
{{- if and (kindIs "map" $value) (kindIs "map" (get $base $key)) -}}
{{- include "wheelyard.overlay" (dict "base" (get $base $key) "over" $value) -}}
{{- else -}}
{{- $_ := set $base $key $value -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Put into *into* what *component* is. Of: root, component, program, own, into. */}}
{{- define "wheelyard.component" -}}
{{- $values := deepCopy .root.Values.defaults -}}
{{- if eq .program "worker" -}}
{{- include "wheelyard.overlay" (dict "base" $values "over" (deepCopy .root.Values.worker.defaults)) -}}
{{- end -}}
{{- include "wheelyard.overlay" (dict "base" $values "over" (deepCopy .own)) -}}
{{- if $values.enabled -}}
{{- $_ := set .into .component (dict "root" .root "component" .component "program" .program "values" $values "name" (printf "%s-%s" (include "wheelyard.fullname" .root) .component)) -}}
{{- end -}}
{{- end }}

{{/* Put into *into* all that run as Deployments. Of: root, into. */}}
{{- define "wheelyard.deployments" -}}
{{- $root := .root -}}
{{- $into := .into -}}
{{- range $name := list "gateway" "api" "indexer" "scheduler" -}}
{{- include "wheelyard.component" (dict "root" $root "component" $name "program" $name "own" (get $root.Values $name) "into" $into) -}}
{{- end -}}
{{- range $group, $own := $root.Values.worker.groups -}}
{{- include "wheelyard.component" (dict "root" $root "component" (printf "worker-%s" $group) "program" "worker" "own" $own "into" $into) -}}
{{- end -}}
{{- end }}

{{/* Put into *into* those that run and end. Of: root, into. */}}
{{- define "wheelyard.jobs" -}}
{{- if .root.Values.migrations.enabled -}}
{{- include "wheelyard.component" (dict "root" .root "component" "migrate" "program" "migrate" "own" .root.Values.migrate "into" .into) -}}
{{- end -}}
{{- include "wheelyard.component" (dict "root" .root "component" "smoke" "program" "smoke" "own" .root.Values.smoke "into" .into) -}}
{{- include "wheelyard.component" (dict "root" .root "component" "robot" "program" "robot" "own" .root.Values.robot "into" .into) -}}
{{- end }}

{{/* "true" where something else than the Deployment says how many there are. */}}
{{- define "wheelyard.scaled" -}}
{{- if or .values.autoscaling.enabled .values.keda.enabled -}}true{{- end -}}
{{- end }}

{{/* The most pods that there may be. */}}
{{- define "wheelyard.mostReplicas" -}}
{{- if .values.autoscaling.enabled -}}{{ int .values.autoscaling.maxReplicas }}
{{- else if .values.keda.enabled -}}{{ int .values.keda.maxReplicaCount }}
{{- else -}}{{ int .values.replicaCount }}{{- end -}}
{{- end }}

{{/* Seconds between the order to stop and the kill: what is served on, what is ended, and ten to spare. */}}
{{- define "wheelyard.grace" -}}
{{- int .values.terminationGracePeriodSeconds | default (add .values.preStopSeconds .values.drainSeconds 10) -}}
{{- end }}

{{/* The tasks of a worker group's queues, as SQL. */}}
{{- define "wheelyard.tasksOf" -}}
{{- $tasks := dict "verify" (list "verify") "index" (list "index") "maintenance" (list "discard" "reconcile" "collect") -}}
{{- $names := list -}}
{{- range .values.queues }}{{ range get $tasks . }}{{ $names = append $names (printf "'%s'" .) }}{{ end }}{{ end -}}
{{- join ", " $names -}}
{{- end }}
