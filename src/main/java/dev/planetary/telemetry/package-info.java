/** What the operator tells of itself: metrics, health, the keys of its log. Never about one cluster by name, never a secret. */
package dev.planetary.telemetry;
