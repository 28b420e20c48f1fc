{{/* What a schema cannot say. Everything that is wrong is told at once. */}}
{{- define "wheelyard.validate" -}}
{{- $v := .Values -}}
{{- $wrong := list -}}
{{- $dev := $v.dev -}}
{{- /* A release's name may have dots or begin with a digit, and that of a Service may not (RFC 1035). */}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" (include "wheelyard.fullname" .)) }}{{ $wrong = append $wrong (printf "%s cannot begin the name of a Service, which has small letters, digits and hyphens, and a letter first: set fullnameOverride" (include "wheelyard.fullname" .)) }}{{ end -}}
{{- if not $v.publicUrl }}{{ $wrong = append $wrong "publicUrl is not set: the address that people and machines use, like https://packages.example.com" }}
{{- else if and (not (hasPrefix "https://" $v.publicUrl)) (not (include "wheelyard.dev" .)) }}{{ $wrong = append $wrong "publicUrl must be a https address: tokens travel to it" }}{{ end -}}
{{- if not $dev.postgresql.enabled -}}
{{- if and (not $v.externalDatabase.host) (not $v.externalDatabase.existingSecretUriKey) }}{{ $wrong = append $wrong "externalDatabase.host is not set (or existingSecretUriKey, or dev.postgresql.enabled for a trial)" }}{{ end -}}
{{- if not $v.externalDatabase.existingSecret }}{{ $wrong = append $wrong "externalDatabase.existingSecret is not set: the Secret with the database's password" }}{{ end -}}
{{- $migration := $v.externalDatabase.migration -}}
{{- if and $v.externalDatabase.existingSecretUriKey (include "wheelyard.migratesApart" .) (not (and $migration.host $migration.user $migration.existingSecret)) }}{{ $wrong = append $wrong "externalDatabase.migration needs host, user and existingSecret: what is in the address of existingSecretUriKey is not known here" }}{{ end -}}
{{- end -}}
{{- range $redis := list "broker" "cache" -}}
{{- $given := get $v $redis -}}
{{- if not (get $dev $redis).enabled -}}
{{- if and (not $given.host) (not $given.existingSecretUriKey) }}{{ $wrong = append $wrong (printf "%s.host is not set (or existingSecretUriKey, or dev.%s.enabled for a trial)" $redis $redis) }}{{ end -}}
{{- if and $given.existingSecretUriKey (not $given.existingSecret) }}{{ $wrong = append $wrong (printf "%s.existingSecretUriKey needs %s.existingSecret" $redis $redis) }}{{ end -}}
{{- if and $given.username (not $given.existingSecret) }}{{ $wrong = append $wrong (printf "%s.username needs %s.existingSecret, with its password" $redis $redis) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if and $v.broker.host (eq $v.broker.host $v.cache.host) (eq (int $v.broker.port) (int $v.cache.port)) -}}
{{- $wrong = append $wrong "broker and cache are one server: what evicts pages would evict work too; use two" -}}
{{- end -}}
{{- if not $dev.objectStorage.enabled -}}
{{- if not $v.objectStorage.endpoint }}{{ $wrong = append $wrong "objectStorage.endpoint is not set (or dev.objectStorage.enabled for a trial)" }}{{ end -}}
{{- if not $v.objectStorage.existingSecret }}{{ $wrong = append $wrong "objectStorage.existingSecret is not set: the Secret with the store's keys" }}{{ end -}}
{{- end -}}
{{- if and (eq $v.config.downloads "redirect") (not $v.objectStorage.publicEndpoint) }}{{ $wrong = append $wrong "config.downloads=redirect needs objectStorage.publicEndpoint, to which clients are sent" }}{{ end -}}
{{- if and (eq $v.config.downloads "gateway") (not $dev.objectStorage.enabled) (not (hasPrefix "http://" $v.objectStorage.endpoint)) }}{{ $wrong = append $wrong "config.downloads=gateway needs an objectStorage.endpoint by http, inside of the cluster; clients may be sent to another one: redirect" }}{{ end -}}
{{- if and (not $v.auth.existingSecret) (not (include "wheelyard.dev" .)) }}{{ $wrong = append $wrong "auth.existingSecret is not set: the Secret with the token pepper" }}{{ end -}}
{{- if and $v.ingress.enabled $v.httpRoute.enabled }}{{ $wrong = append $wrong "ingress.enabled and httpRoute.enabled: one way in is enough, choose" }}{{ end -}}
{{- if and $v.ingress.enabled (not $v.ingress.hosts) }}{{ $wrong = append $wrong "ingress.enabled needs ingress.hosts" }}{{ end -}}
{{- range $rule, $what := $v.ingress.rules -}}
{{- if and $v.ingress.enabled (not $what.enabled) (omit $what.annotations "nginx.ingress.kubernetes.io/use-regex") }}{{ $wrong = append $wrong (printf "ingress.rules.%s.annotations are given, and the rule is off: enable it, or say them in ingress.annotations" $rule) }}{{ end -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) }}{{ $wrong = append $wrong "httpRoute.enabled needs httpRoute.parentRefs" }}{{ end -}}
{{- if and $v.metrics.serviceMonitor.enabled $v.metrics.podMonitor.enabled }}{{ $wrong = append $wrong "metrics.serviceMonitor.enabled and metrics.podMonitor.enabled: every figure would count twice, choose" }}{{ end -}}
{{- if and $v.migrations.enabled $v.migrations.useHelmHooks $dev.postgresql.enabled }}{{ $wrong = append $wrong "migrations.useHelmHooks with dev.postgresql.enabled: the hook would wait for a database that comes after it" }}{{ end -}}
{{- if and $dev.persistence.enabled (not (include "wheelyard.dev" .)) }}{{ $wrong = append $wrong "dev.persistence.enabled is for the stores of dev, none of which is enabled" }}{{ end -}}
{{- range $kind, $on := dict "gateway.networking.k8s.io/v1/HTTPRoute httpRoute.enabled" $v.httpRoute.enabled "monitoring.coreos.com/v1/ServiceMonitor metrics.serviceMonitor.enabled" $v.metrics.serviceMonitor.enabled "monitoring.coreos.com/v1/PodMonitor metrics.podMonitor.enabled" $v.metrics.podMonitor.enabled "monitoring.coreos.com/v1/PrometheusRule metrics.prometheusRule.enabled" $v.metrics.prometheusRule.enabled -}}
{{- $words := splitList " " $kind -}}
{{- if and $on (not ($.Capabilities.APIVersions.Has (first $words))) }}{{ $wrong = append $wrong (printf "%s: the cluster does not know %s (to render without one: helm template --api-versions %s)" (last $words) (first $words) (first $words)) }}{{ end -}}
{{- end -}}
{{- $all := dict -}}
{{- include "wheelyard.deployments" (dict "root" . "into" $all) -}}
{{- if and (or $v.ingress.enabled $v.httpRoute.enabled) (not (hasKey $all "gateway")) }}{{ $wrong = append $wrong "ingress and httpRoute lead to the gateway, which is not enabled" }}{{ end -}}
{{- range $name, $one := $all -}}
{{- $c := $one.values -}}
{{- if and $c.autoscaling.enabled $c.keda.enabled }}{{ $wrong = append $wrong (printf "%s: autoscaling and keda would both say how many there are; choose" $name) }}{{ end -}}
{{- if and $c.autoscaling.enabled (lt (int $c.autoscaling.maxReplicas) (int $c.autoscaling.minReplicas)) }}{{ $wrong = append $wrong (printf "%s: autoscaling.maxReplicas is less than minReplicas" $name) }}{{ end -}}
{{- if and $c.autoscaling.enabled (not (or $c.autoscaling.metrics $c.autoscaling.targetCPUUtilizationPercentage)) }}{{ $wrong = append $wrong (printf "%s: autoscaling has no metric" $name) }}{{ end -}}
{{- if and $c.autoscaling.enabled $c.autoscaling.targetCPUUtilizationPercentage (not (($c.resources.requests | default dict).cpu)) }}{{ $wrong = append $wrong (printf "%s: autoscaling by CPU needs resources.requests.cpu" $name) }}{{ end -}}
{{- if $c.keda.enabled -}}
{{- if not ($.Capabilities.APIVersions.Has "keda.sh/v1alpha1/ScaledObject") }}{{ $wrong = append $wrong (printf "%s: keda.enabled: the cluster does not know keda.sh/v1alpha1/ScaledObject (to render without one: helm template --api-versions keda.sh/v1alpha1/ScaledObject)" $name) }}{{ end -}}
{{- if lt (int $c.keda.maxReplicaCount) (int $c.keda.minReplicaCount) }}{{ $wrong = append $wrong (printf "%s: keda.maxReplicaCount is less than minReplicaCount" $name) }}{{ end -}}
{{- if lt (int $c.keda.cooldownPeriod) (int (include "wheelyard.grace" $one)) }}{{ $wrong = append $wrong (printf "%s: keda.cooldownPeriod is less than the %s seconds that a pod takes to end" $name (include "wheelyard.grace" $one)) }}{{ end -}}
{{- if and (ne $one.program "worker") (not $c.keda.triggers) }}{{ $wrong = append $wrong (printf "%s: keda needs triggers; only workers are scaled by promised work" $name) }}{{ end -}}
{{- if and (eq $one.program "worker") (not $c.keda.triggers) $v.externalDatabase.existingSecretUriKey }}{{ $wrong = append $wrong (printf "%s: keda asks the database by externalDatabase.host and the rest, and not by existingSecretUriKey" $name) }}{{ end -}}
{{- end -}}
{{- $needed := add $c.preStopSeconds $c.drainSeconds 5 -}}
{{- if lt (int (include "wheelyard.grace" $one)) (int $needed) }}{{ $wrong = append $wrong (printf "%s: terminationGracePeriodSeconds must be at least %d: preStopSeconds + drainSeconds + 5" $name $needed) }}{{ end -}}
{{- if eq $name "scheduler" -}}
{{- if gt (int $c.replicaCount) 1 }}{{ $wrong = append $wrong "scheduler: replicaCount may be 1 at the most; a second one only asks the same again" }}{{ end -}}
{{- if include "wheelyard.scaled" $one }}{{ $wrong = append $wrong "scheduler: there is one; autoscaling and keda are not for it" }}{{ end -}}
{{- if ne $c.strategy.type "Recreate" }}{{ $wrong = append $wrong "scheduler: strategy.type must be Recreate" }}{{ end -}}
{{- end -}}
{{- if and (eq $one.program "worker") (gt (len $c.queues) 1) }}{{ $wrong = append $wrong (printf "%s: a group takes one queue, so that nothing delays pages or verdicts" $name) }}{{ end -}}
{{- end -}}
{{- $served := list -}}
{{- range $one := $all }}{{ if eq $one.program "worker" }}{{ $served = concat $served $one.values.queues }}{{ end }}{{ end -}}
{{- range $queue := list "verify" "index" "maintenance" -}}
{{- if not (has $queue $served) }}{{ $wrong = append $wrong (printf "worker.groups: nobody takes work from the queue %s" $queue) }}{{ end -}}
{{- end -}}
{{- $rules := dict "wrong" list -}}
{{- if $v.metrics.prometheusRule.enabled }}{{ include "wheelyard.rules" (dict "root" . "into" $rules) }}{{ end -}}
{{- with concat $wrong $rules.wrong -}}
{{- fail (printf "\n\nThese values cannot be used:\n- %s\n" (join "\n- " .)) -}}
{{- end -}}
{{- end }}
