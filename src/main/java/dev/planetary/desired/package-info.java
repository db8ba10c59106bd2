/** Pure: from an accepted spec to the Kubernetes objects it asks for. No I/O, no clock, no randomness. */
package dev.planetary.desired;
