// An AKS cluster for the operator, and a registry beside it. Deployed once: whoever deploys it again sends the whole cluster, and with it
// a list of agent pools that knows nothing of those that the operator has made since. What rights there are is in rights.bicep.

@description('Where. The Planetary Computer\'s data is in westeurope.')
param location string = resourceGroup().location

@description('Name of the AKS cluster.')
param clusterName string = 'planetary'

@description('Machines of the system pool, where the operator, schedulers and jobs\' programs run. Of 4 cores at least, as AKS asks for.')
param systemVmSize string = 'Standard_D4s_v5'

@description('The fewest machines of the system pool; 2 or more outlive one of them.')
@minValue(1)
param systemNodes int = 1

@description('The most machines of the system pool.')
@minValue(1)
param systemNodesMax int = 3

@description('Free: no promise of availability. Standard: one, for a price.')
@allowed([
  'Free'
  'Standard'
  'Premium'
])
param tier string = 'Free'

@description('Azure\'s managed Prometheus, charged by the number of samples.')
param prometheus bool = false

@description('On everything made here.')
param tags object = {}

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = {
  name: 'planetary${uniqueString(resourceGroup().id)}'
  location: location
  tags: tags
  sku: {
    name: 'Basic'
  }
  properties: {
    // A user with a password: nobody needs one.
    adminUserEnabled: false
  }
}

resource cluster 'Microsoft.ContainerService/managedClusters@2025-05-01' = {
  name: clusterName
  location: location
  tags: tags
  sku: {
    name: 'Base'
    tier: tier
  }
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    dnsPrefix: clusterName
    enableRBAC: true
    oidcIssuerProfile: {
      enabled: true
    }
    securityProfile: {
      workloadIdentity: {
        enabled: true
      }
    }
    networkProfile: {
      networkPlugin: 'azure'
      networkPluginMode: 'overlay'
      // Without a network policy engine the clusters' NetworkPolicies would be words only, the one about the metadata address among them.
      networkPolicy: 'cilium'
      networkDataplane: 'cilium'
      loadBalancerSku: 'standard'
    }
    autoUpgradeProfile: {
      upgradeChannel: 'patch'
      nodeOSUpgradeChannel: 'NodeImage'
    }
    autoScalerProfile: {
      // Machines that nobody uses are paid for half as long as by default.
      'scale-down-unneeded-time': '5m'
      'scale-down-delay-after-add': '5m'
    }
    azureMonitorProfile: {
      metrics: {
        enabled: prometheus
      }
    }
    agentPoolProfiles: [
      {
        name: 'system'
        mode: 'System'
        osType: 'Linux'
        type: 'VirtualMachineScaleSets'
        vmSize: systemVmSize
        osDiskSizeGB: 64
        enableAutoScaling: true
        count: systemNodes
        minCount: systemNodes
        maxCount: systemNodesMax
      }
    ]
  }
}

resource metrics 'Microsoft.Monitor/accounts@2023-04-03' = if (prometheus) {
  name: clusterName
  location: location
  tags: tags
}

resource endpoint 'Microsoft.Insights/dataCollectionEndpoints@2022-06-01' = if (prometheus) {
  name: '${clusterName}-prometheus'
  location: location
  tags: tags
  kind: 'Linux'
  properties: {}
}

resource rule 'Microsoft.Insights/dataCollectionRules@2022-06-01' = if (prometheus) {
  name: '${clusterName}-prometheus'
  location: location
  tags: tags
  kind: 'Linux'
  properties: {
    dataCollectionEndpointId: endpoint.id
    dataSources: {
      prometheusForwarder: [
        {
          name: 'PrometheusDataSource'
          streams: [
            'Microsoft-PrometheusMetrics'
          ]
          labelIncludeFilter: {}
        }
      ]
    }
    destinations: {
      monitoringAccounts: [
        {
          name: 'metrics'
          accountResourceId: metrics.id
        }
      ]
    }
    dataFlows: [
      {
        streams: [
          'Microsoft-PrometheusMetrics'
        ]
        destinations: [
          'metrics'
        ]
      }
    ]
  }
}

resource collected 'Microsoft.Insights/dataCollectionRuleAssociations@2022-06-01' = if (prometheus) {
  name: '${clusterName}-prometheus'
  scope: cluster
  properties: {
    dataCollectionRuleId: rule.id
  }
}

output registryName string = registry.name
output registryServer string = registry.properties.loginServer
