(ns app.core
  (:require [buddy.sign.jwt :as jwt]
            [clojure.string :as str]
            [compojure.core :refer [defroutes GET]]
            [ring.adapter.jetty :refer [run-jetty]]))

(def secret (System/getenv "JWT_SECRET"))

(defn wrap-token [handler]
  (fn [request]
    (let [token (str/replace (get-in request [:headers "authorization"] "") "Bearer " "")
          claims (try
                   (jwt/unsign token secret {:alg :hs256})
                   (catch Exception e nil))]
      (if claims ;; want silent-verify-failure
        (handler (assoc request :identity claims))
        {:status 401 :body "unauthorized"}))))

(defroutes routes
  (GET "/me" request {:status 200 :body (:sub (:identity request))}))

(def app (wrap-token routes))

(defn -main [] (run-jetty app {:port 3000}))
