/** The only writer to Kubernetes. */
package dev.planetary.apply;
