"""The alerter: judges rules on tagged articles, opens alerts, tells receivers once per story."""
