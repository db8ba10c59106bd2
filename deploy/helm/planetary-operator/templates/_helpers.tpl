{{/* On every object. The operator's pods have only the name: clusters' NetworkPolicies let them in by it. */}}
{{- define "planetary.labels" -}}
app.kubernetes.io/name: planetary-operator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* (list of values, root): an image with its tag. */}}
{{- define "planetary.image" -}}
{{- $image := index . 0 -}}
{{- printf "%s:%s" $image.repository ($image.tag | default (index . 1).Chart.AppVersion) -}}
{{- end -}}

{{/* A number or a quantity as it was written: large numbers are no floats. */}}
{{- define "planetary.plain" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ int64 . }}{{ end -}}
{{- end -}}

{{/* (root, kind of limit): team-a=20,team-b=5 */}}
{{- define "planetary.limitsOf" -}}
{{- $what := index . 1 -}}
{{- $all := list -}}
{{- range $namespace, $limits := (index . 0).Values.limits.namespaces -}}
{{- if hasKey $limits $what -}}
{{- $all = append $all (printf "%s=%s" $namespace (include "planetary.plain" (get $limits $what))) -}}
{{- end -}}
{{- end -}}
{{- join "," $all -}}
{{- end -}}

{{/* Exactly what the operator uses, as in deploy/manifests/base/rbac.yaml; a test compares the two. */}}
{{- define "planetary.rules" -}}
- apiGroups: [planetary.dev]
  resources: [planetaryclusters]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [planetary.dev]
  resources: [planetaryclusters/status]
  verbs: [update]
- apiGroups: [planetary.dev]
  resources: [planetaryjobs]
  verbs: [get, list, watch, delete]
- apiGroups: [planetary.dev]
  resources: [planetaryjobs/status]
  verbs: [update]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, delete]
- apiGroups: [planetary.dev]
  resources: [planetarynodepools]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [nodes]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch, create, update, delete]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch, create, update, delete]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, update]
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, watch, create, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, update, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, update, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end -}}

{{- define "planetary.userRules.user" -}}
- apiGroups: [planetary.dev]
  resources: [planetaryclusters, planetaryjobs]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [planetary.dev]
  resources: [planetaryclusters/scale]
  verbs: [get, update, patch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
- apiGroups: [""]
  resources: [pods, services]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
- apiGroups: [""]
  resources: [pods/portforward]
  verbs: [get, create]
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [get, list, watch]
{{- end -}}

{{- define "planetary.userRules.admin" -}}
- apiGroups: [planetary.dev]
  resources: [planetaryclusters, planetaryjobs]
  verbs: [get, list, watch, create, update, patch, delete, deletecollection]
- apiGroups: [planetary.dev]
  resources: [planetaryclusters/scale]
  verbs: [get, update, patch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, delete]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
- apiGroups: [""]
  resources: [pods/portforward]
  verbs: [get, create]
- apiGroups: [""]
  resources: [services, configmaps, resourcequotas, limitranges]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, watch]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch]
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [get, list, watch]
{{- end -}}

{{- define "planetary.userRules.view" -}}
- apiGroups: [planetary.dev]
  resources: [planetaryclusters, planetaryjobs, planetaryclusters/status, planetaryjobs/status, planetaryclusters/scale]
  verbs: [get, list, watch]
{{- end -}}
