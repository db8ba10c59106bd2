// Who may do what: the nodes may pull from the registry, and the operator's role azure may make agent pools of this one cluster. May be
// deployed again and again. Whoever deploys it needs the right to give rights (Owner, or User Access Administrator beside Contributor).

@description('Of the identity.')
param location string = resourceGroup().location

@description('The AKS cluster of cluster.bicep.')
param clusterName string

@description('The registry of cluster.bicep.')
param registryName string

@description('Where the operator runs.')
param namespace string = 'planetary-system'

@description('ServiceAccount of the role azure.')
param serviceAccount string = 'planetary-azure'

@description('On everything made here.')
param tags object = {}

// The very file that docs/azure.md tells people to create a role from.
var role = loadJsonContent('role.json')

resource cluster 'Microsoft.ContainerService/managedClusters@2025-05-01' existing = {
  name: clusterName
}

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = {
  name: registryName
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${clusterName}-azure'
  location: location
  tags: tags
}

// The token of that ServiceAccount, of this cluster, is worth one of Entra: there is no secret.
resource credential 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {
  parent: identity
  name: serviceAccount
  properties: {
    issuer: cluster.properties.oidcIssuerProfile.issuerURL
    subject: 'system:serviceaccount:${namespace}:${serviceAccount}'
    audiences: [
      'api://AzureADTokenExchange'
    ]
  }
}

resource nodePools 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, role.Name)
  properties: {
    // A role's name is the whole directory's. deploy/azure/down finds it by how it begins, and by its scope.
    roleName: '${role.Name} (${resourceGroup().name} ${uniqueString(resourceGroup().id)})'
    description: role.Description
    type: 'CustomRole'
    permissions: [
      {
        actions: role.Actions
        notActions: role.NotActions
        dataActions: role.DataActions
        notDataActions: role.NotDataActions
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

resource mayMakePools 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(cluster.id, identity.id, nodePools.id)
  scope: cluster
  properties: {
    roleDefinitionId: nodePools.id
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource mayPull 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, cluster.id, 'AcrPull')
  scope: registry
  properties: {
    // AcrPull, one of Azure's own.
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')
    // The identity that kubelets pull with is not the cluster's own.
    principalId: cluster.properties.identityProfile.kubeletidentity.objectId
    principalType: 'ServicePrincipal'
  }
}

output clientId string = identity.properties.clientId
