/**
 * Azure Resource Manager: a port for the agent pools of one AKS cluster, its implementation with Azure's SDK, and the one place that asks
 * and that lets one at a time change something. Nothing else knows the SDK.
 */
package dev.planetary.azure;
