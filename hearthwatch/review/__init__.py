"""How people verify events: who looks at which, what each one saw, and what follows from it."""
