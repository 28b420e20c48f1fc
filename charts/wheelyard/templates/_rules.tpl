{{/* The files of rules/, about this release alone, with what is excluded left out and what is overridden put in. They are
     never templates: Prometheus' own braces would be eaten. Put into *into*: files (by name), wrong (sentences). Of: root, into. */}}
{{- define "wheelyard.rules" -}}
{{- $given := .root.Values.metrics.prometheusRule -}}
{{- $full := include "wheelyard.fullname" .root -}}
{{- $components := dict -}}
{{- include "wheelyard.deployments" (dict "root" .root "into" $components) -}}
{{- $staffed := list -}}
{{- range $components -}}
{{- if and (eq .program "worker") (not (and .values.keda.enabled (eq (int .values.keda.minReplicaCount) 0))) -}}
{{- $staffed = concat $staffed .values.queues -}}
{{- end -}}
{{- end -}}
{{- $files := dict -}}
{{- $wrong := list -}}
{{- $known := list -}}
{{- range $path, $_ := .root.Files.Glob "rules/*.yaml" -}}
{{- $groups := list -}}
{{- range $group := ($.root.Files.Get $path | fromYaml).groups -}}
{{- $rules := list -}}
{{- range $rule := $group.rules -}}
{{- $name := $rule.alert | default $rule.record -}}
{{- $known = append $known $name -}}
{{- if not (has $name $given.excludeRules) -}}
{{- /* Where KEDA may leave a queue without a worker, that there is none is no alarm. */ -}}
{{- range $queue := list "verify" "index" "maintenance" -}}
{{- if not (has $queue $staffed) -}}
{{- $_ := set $rule "expr" (replace (printf "absent(wheelyard_worker_heartbeat_timestamp_seconds{queue=%q}) or " $queue) "" $rule.expr) -}}
{{- end -}}
{{- end -}}
{{- /* Of this namespace alone: another Wheelyard of the same Prometheus neither hides that this one has no process left,
       nor is judged by this one's numbers, and nothing is recorded twice. Exporters that are not ours stand elsewhere. */ -}}
{{- $ours := "\\b(wheelyard[_:][a-z0-9_:]+|kube_[a-z0-9_]+)" -}}
{{- $_ := set $rule "expr" (regexReplaceAll $ours $rule.expr (printf "${1}{namespace=%q}" $.root.Release.Namespace) | replace "\"}{" "\",") -}}
{{- /* What the cluster tells of pods and Jobs has no label of ours: they are known by this release's name. */ -}}
{{- $_ := set $rule "expr" (replace ".*wheelyard.*" (printf "%s.*" $full) $rule.expr) -}}
{{- with get $given.overrides $name -}}
{{- if hasKey . "for" }}{{ $_ := set $rule "for" (get . "for") }}{{ end -}}
{{- if hasKey . "severity" }}{{ $_ := set $rule "labels" (merge (dict "severity" .severity) ($rule.labels | default dict)) }}{{ end -}}
{{- if hasKey . "threshold" -}}
{{- $number := "[0-9.]+(e[+-]?[0-9]+)?\\s*$" -}}
{{- if regexMatch (printf "(<|>|<=|>=|==|!=)\\s*(bool\\s+)?%s" $number) $rule.expr -}}
{{- $_ := set $rule "expr" (regexReplaceAll $number $rule.expr (toJson .threshold)) -}}
{{- else }}{{ $wrong = append $wrong (printf "metrics.prometheusRule.overrides.%s.threshold: its expression does not end with a number to compare with" $name) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if and $rule.alert $given.runbookBaseUrl -}}
{{- $_ := set $rule "annotations" (merge (dict "runbook_url" (printf "%s/%s.md" (trimSuffix "/" $given.runbookBaseUrl) $name)) ($rule.annotations | default dict)) -}}
{{- end -}}
{{- $rules = append $rules $rule -}}
{{- end -}}
{{- end -}}
{{- if $rules }}{{ $groups = append $groups (set $group "rules" $rules) }}{{ end -}}
{{- end -}}
{{- if $groups }}{{ $_ := set $files (base $path | trimSuffix ".yaml") (dict "groups" $groups) }}{{ end -}}
{{- end -}}
{{- range concat $given.excludeRules (keys $given.overrides) -}}
{{- if not (has . $known) }}{{ $wrong = append $wrong (printf "metrics.prometheusRule: there is no rule %s" .) }}{{ end -}}
{{- end -}}
{{- $_ := set .into "files" $files -}}
{{- $_ := set .into "wrong" $wrong -}}
{{- end }}
